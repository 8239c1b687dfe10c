"""The library: what three bands that do not exist have recorded, and the plan of each piece.

The pieces differ in tempo, key, metre, instruments and loudness, so that whoever listens, searches or measures can tell
them apart. Their ISRCs use the prefix ZZ, which is assigned to nobody.
"""

from __future__ import annotations

from typing import Final

import msgspec

from appliance.demo.albums import BREAKWATER, FERRY, MACHINES, PERIHELION, Album
from appliance.demo.score import Part, Plan


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A track of the library: its tags, the file that it is written as, and its plan."""

    title: str
    album: Album
    number: int
    container: str = "flac"
    rate_hz: int = 44_100
    bits: int = 16
    plan: Plan

    @property
    def isrc(self) -> str:
        return f"ZZSEG{self.album.year % 100:02}{self.plan.seed:05}"

    @property
    def file_name(self) -> str:
        """`Band/Album/01 Title.flac`, the way people keep music."""
        return f"{self.album.artist}/{self.album.title}/{self.number:02} {self.title}.{self.container}"


# The four-part kit of the dance pieces: sixteen steps to a bar.
FOUR_ON_THE_FLOOR: Final = (
    Part(voice="kick", pattern="drum", steps=4, rhythm="x...", gain_db=1),
    Part(voice="snare", pattern="drum", steps=4, rhythm="....x.......x..o", gain_db=-5),
    Part(voice="hat", pattern="drum", steps=4, rhythm="..x...x...x...xo", gain_db=-6, pan=0.25),
)
BREAKBEAT: Final = (
    Part(voice="kick", pattern="drum", steps=4, rhythm="x.x.......xx....", gain_db=1),
    Part(voice="snare", pattern="drum", steps=4, rhythm="....x..o.o..x..o", gain_db=-4),
    Part(voice="hat", pattern="drum", steps=4, rhythm="x.o.x.o.", gain_db=-8, pan=0.3),
)

PIECES: Final[tuple[Piece, ...]] = (
    Piece(
        title="Harbour Lights at Four",
        album=BREAKWATER,
        number=1,
        plan=Plan(
            seed=101,
            tempo_bpm=92,
            root=55,
            scale="major",
            chords=(0, 4, 5, 3),
            level_db=-20,
            parts=(
                Part(voice="pluck", pattern="arpeggio", pan=-0.2),
                Part(voice="pluck", pattern="bass", octave=-1, steps=1, rhythm="x.x.", gain_db=-1),
                Part(voice="flute", pattern="melody", octave=1, gain_db=-6, pan=0.3),
            ),
        ),
    ),
    Piece(
        title="Salt on the Window",
        album=BREAKWATER,
        number=2,
        plan=Plan(
            seed=102,
            tempo_bpm=72,
            root=62,
            scale="dorian",
            chords=(0, 3, 0, 6),
            level_db=-23,
            parts=(
                Part(voice="pluck", pattern="strums", octave=-1, rhythm="x.oxx.o.", pan=-0.1),
                Part(voice="pad", pattern="chords", octave=-1, gain_db=-9),
                Part(voice="flute", pattern="melody", gain_db=-9, pan=0.35),
            ),
        ),
    ),
    Piece(
        title="Tin Whistle Weather",
        album=BREAKWATER,
        number=3,
        container="wav",
        rate_hz=48_000,
        plan=Plan(
            seed=103,
            tempo_bpm=138,
            root=57,
            scale="mixolydian",
            chords=(0, 6, 3, 0, 0, 6, 4, 0),
            beats_per_bar=3,
            level_db=-18,
            parts=(
                Part(voice="pluck", pattern="strums", steps=1, rhythm="xoo", pan=-0.4),
                Part(voice="bass", pattern="bass", octave=-2, steps=1, rhythm="x..", gain_db=-7),
                Part(voice="shaker", pattern="drum", rhythm="xoxoxo", gain_db=-8, pan=0.4),
                Part(voice="flute", pattern="melody", octave=1, gain_db=-4, pan=0.15),
            ),
        ),
    ),
    Piece(
        title="Last Bus to the Lighthouse",
        album=BREAKWATER,
        number=4,
        plan=Plan(
            seed=104,
            tempo_bpm=104,
            root=52,
            scale="minor",
            chords=(0, 5, 6, 0),
            level_db=-17,
            parts=(
                Part(voice="pluck", pattern="arpeggio", octave=1, steps=4, gain_db=-2, pan=0.45),
                Part(voice="pluck", pattern="strums", rhythm="x..ox.o.", gain_db=-2, pan=-0.25),
                Part(voice="bass", pattern="bass", octave=-1, rhythm="x..x", gain_db=-6),
            ),
        ),
    ),
    Piece(
        title="Gangway",
        album=FERRY,
        number=1,
        plan=Plan(
            seed=201,
            tempo_bpm=124,
            root=57,
            scale="minor",
            chords=(0, 5, 2, 6),
            level_db=-10.5,
            parts=(
                *FOUR_ON_THE_FLOOR,
                Part(voice="bass", pattern="bass", octave=-2, steps=4, rhythm="..xx", gain_db=-2),
                Part(voice="pluck", pattern="arpeggio", octave=1, steps=4, gain_db=-6, pan=-0.3),
                Part(voice="pad", pattern="chords", gain_db=-8),
            ),
        ),
    ),
    Piece(
        title="Sodium Lamps",
        album=FERRY,
        number=2,
        plan=Plan(
            seed=202,
            tempo_bpm=80,
            root=53,
            scale="minor",
            chords=(0, 3, 5, 4),
            level_db=-14,
            parts=(
                Part(voice="kick", pattern="drum", steps=4, rhythm="x.....x...x....."),
                Part(voice="snare", pattern="drum", steps=4, rhythm="........x.......", gain_db=-3),
                Part(voice="shaker", pattern="drum", steps=4, rhythm="xoxoxoxo", gain_db=-9, pan=0.5),
                Part(voice="bass", pattern="bass", octave=-2, steps=2, rhythm="x..xx...", gain_db=-3),
                Part(voice="bell", pattern="melody", octave=1, gain_db=-7, pan=-0.25),
                Part(voice="pad", pattern="chords", gain_db=-7),
            ),
        ),
    ),
    Piece(
        title="Breakbeat for a Tugboat",
        album=FERRY,
        number=3,
        container="wav",
        rate_hz=48_000,
        plan=Plan(
            seed=203,
            tempo_bpm=168,
            root=47,
            scale="dorian",
            chords=(0, 0, 3, 3, 6, 0),
            level_db=-9,
            parts=(
                *BREAKBEAT,
                Part(voice="bass", pattern="bass", octave=-1, steps=2, rhythm="x.xx..x.", gain_db=-2),
                Part(voice="organ", pattern="strums", octave=1, steps=2, rhythm=".x..x..x", gain_db=-9, pan=-0.35),
                Part(voice="bell", pattern="arpeggio", octave=2, gain_db=-13, pan=0.4),
            ),
        ),
    ),
    Piece(
        title="Engine Room Lullaby",
        album=FERRY,
        number=4,
        plan=Plan(
            seed=204,
            tempo_bpm=112,
            root=58,
            scale="minor",
            chords=(0, 2, 6, 0),
            level_db=-12.5,
            parts=(
                *FOUR_ON_THE_FLOOR,
                Part(voice="bass", pattern="bass", octave=-2, steps=2, rhythm=".x.x", gain_db=-2),
                Part(voice="organ", pattern="chords", octave=-1, gain_db=-9, pan=-0.2),
                Part(voice="flute", pattern="melody", octave=1, gain_db=-7, pan=0.25),
            ),
        ),
    ),
    Piece(
        title="Nocturne für Zahnräder",
        album=MACHINES,
        number=1,
        plan=Plan(
            seed=301,
            tempo_bpm=60,
            root=60,
            scale="lydian",
            chords=(0, 1, 0),
            level_db=-27,
            parts=(
                Part(voice="pad", pattern="chords", octave=-1),
                Part(voice="bell", pattern="melody", octave=1, gain_db=-4, pan=0.3),
            ),
        ),
    ),
    Piece(
        title="Escapement",
        album=MACHINES,
        number=2,
        container="wav",
        rate_hz=48_000,
        bits=24,
        plan=Plan(
            seed=302,
            tempo_bpm=152,
            root=64,
            scale="dorian",
            chords=(0, 4, 3, 0),
            beats_per_bar=7,
            level_db=-21,
            parts=(
                Part(voice="bell", pattern="arpeggio", octave=0, steps=1, gain_db=-2, pan=-0.4),
                Part(voice="pluck", pattern="arpeggio", octave=-1, gain_db=-1, pan=0.4),
                Part(voice="shaker", pattern="drum", steps=2, rhythm="x...x...x.o.o.", gain_db=-7),
            ),
        ),
    ),
    Piece(
        title="The Cartographer's Hymn",
        album=MACHINES,
        number=3,
        plan=Plan(
            seed=303,
            tempo_bpm=69,
            root=58,
            scale="major",
            chords=(0, 3, 4, 0),
            level_db=-19,
            parts=(
                Part(voice="organ", pattern="chords", octave=-1, gain_db=-3),
                Part(voice="organ", pattern="melody", octave=0, gain_db=-5, pan=0.2),
                Part(voice="organ", pattern="bass", octave=-2, steps=1, rhythm="x.x.", gain_db=-6),
            ),
        ),
    ),
    Piece(
        title="Perihelion",
        album=PERIHELION,
        number=1,
        rate_hz=48_000,
        bits=24,
        plan=Plan(
            seed=304,
            tempo_bpm=86,
            root=61,
            scale="major",
            chords=(0, 1, 4, 0),
            level_db=-15,
            parts=(
                Part(voice="pad", pattern="chords", octave=-1, gain_db=-2),
                Part(voice="organ", pattern="arpeggio", octave=0, gain_db=-9, pan=-0.35),
                Part(voice="bell", pattern="melody", octave=1, gain_db=-5, pan=0.3),
                Part(voice="kick", pattern="drum", steps=2, rhythm="x...x.o.", gain_db=-3),
                Part(voice="shaker", pattern="drum", steps=4, rhythm="o.x.", gain_db=-9, pan=0.45),
                Part(voice="bass", pattern="bass", octave=-2, steps=1, rhythm="x.x.", gain_db=-5),
            ),
        ),
    ),
)
