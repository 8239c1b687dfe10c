"""Measures the join of two tracks in Chromium: two halves of one recording, played as one presentation.

    .venv/bin/python -m tests.e2e.players.gapless

The halves are encoded and packaged as ingest does it, each by itself, and the manifests are the origin's. All players
play at the same time, in real time, while Web Audio records what each element gives out. The recording is noise, in
which every place sounds otherwise: where a stretch of it lies in what was heard is known to the sample. What lies later
behind the join than before it was put in between, and what lies earlier was lost. Decision 0079 has the figures of all
players; `test_joins` holds to what is promised of them.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from scipy.signal import butter, correlate, sosfilt

from ingest.pcm import Floats, Integers
from origin.asset import Asset, Codec
from origin.manifests import write
from origin.presentation import Track
from origin.routes import DashManifest, Manifest, MasterPlaylist, MediaPlaylist
from origin.selection import EVERYTHING
from tests.origin.ingested import RATE, ingested
from tests.origin.recording import Recording

FOLDER = Path(__file__).parent
SECONDS = 5
CUT = SECONDS * RATE // 2 + 777
"""Within a frame of every codec. Each half has two segments, so that there is a place between them, too."""
AROUND = 6000
"""Samples on each side of a place where it is searched for: an eighth of a second, more than any gap seen."""
STRETCH = 24_000
SCANNED = 1500
"""Samples that are looked for as one: short enough to tell where a gap is, long enough to be found once."""
BLOCK = 32
LIMIT_S = 600
"""For a browser that hangs: each step in the page ends within a minute by itself."""

PLAYERS = {
    "hls.js": ("master.m3u8",),
    "shaka": ("master.m3u8", "manifest.mpd"),
    "shaka in sequence": ("master.m3u8",),
    "dash.js": ("manifest.mpd",),
    "append windows": ("figures.json",),
}
MIMES = {Codec.AAC: "mp4a.40.2", Codec.OPUS: "opus", Codec.FLAC: "flac"}


def recording() -> Floats:
    """Noise of the band that every codec keeps, of one channel; `stereo` makes a master of it."""
    noise = np.random.default_rng(79).standard_normal(SECONDS * RATE)
    heard: Floats = 0.2 * sosfilt(butter(6, [200, 6000], "bandpass", fs=RATE, output="sos"), noise)
    return heard


def stereo(pcm: Floats) -> Integers:
    both: Integers = np.round(np.stack([pcm, pcm], axis=1) * 32767).astype(np.int16)
    return both


def present(codec: Codec, pcm: Integers, folder: Path) -> list[Asset]:
    """Write both halves and the manifests of their presentation to `folder`."""
    halves = [ingested(half, codec, asset_id=UUID(int=n)) for n, half in enumerate((pcm[:CUT], pcm[CUT:]), 1)]
    presentation = [Track(asset=half.asset, base=f"{number}/") for number, half in enumerate(halves, 1)]
    folder.mkdir()
    for number, half in enumerate(halves, 1):
        place = folder / str(number) / codec.value
        place.mkdir(parents=True)
        for name, content in files(half, codec).items():
            (place / name).write_bytes(content)
    manifests: dict[str, Manifest] = {
        "master.m3u8": MasterPlaylist(),
        "manifest.mpd": DashManifest(),
        f"{codec.value}.m3u8": MediaPlaylist(codec.value),
    }
    for name, file in manifests.items():
        (folder / name).write_bytes(write(presentation, file, EVERYTHING)[0])
    tracks = [
        {
            "files": [f"{number}/{codec.value}/{name}" for name in files(half, codec)],
            "samples": half.asset.renditions[0].sample_count,
        }
        for number, half in enumerate(halves, 1)
    ]
    figures = {"mime": f'audio/mp4; codecs="{MIMES[codec]}"', "rate": RATE, "tracks": tracks}
    (folder / "figures.json").write_text(json.dumps(figures))
    return [half.asset for half in halves]


def files(half: Recording, codec: Codec) -> dict[str, bytes]:
    """In the order in which they are appended."""
    count = len(half.asset.renditions[0].segments)
    segments = {f"{index}.m4s": half.segment(codec.value, index) for index in range(count)}
    return {"header.mp4": half.header(codec.value), **segments}


class Case(NamedTuple):
    """Who plays which file of which codec's presentation."""

    codec: Codec
    player: str
    name: str


class Heard(NamedTuple):
    """What became of the recording, in samples: `gap` put in at the join (negative for lost ones), `foreign` around it.

    `elsewhere` are gaps at other places, with the second of the recording that they are at; `waits` counts how often
    the element had nothing to play.
    """

    gap: int
    foreign: int
    elsewhere: tuple[tuple[float, int], ...]
    waits: int = 0
    errors: tuple[str, ...] = ()


def listen(cases: Sequence[Case], pcm: Floats, folder: Path) -> dict[Case, Heard]:
    """Play what `present` wrote below `folder`, a folder a codec. Raises subprocess.SubprocessError.

    A case of which a second or more was not recorded is left out: no player loses so much, a slow machine does.
    """
    wanted: list[dict[str, Any]] = [
        {"player": player, "path": f"{codec.value}/{name}", "rate": RATE, "pcm": f"{number}.f32"}
        for number, (codec, player, name) in enumerate(cases)
    ]
    command = ["node", str(FOLDER / "gapless.mjs"), str(shutil.which("chromium")), str(folder), json.dumps(wanted)]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=LIMIT_S).stdout)
    heard = {}
    for case, one in zip(cases, told, strict=True):
        recorded = np.fromfile(folder / one["pcm"], np.float32).astype(np.float64)
        if len(recorded) > len(pcm) - RATE:
            heard[case] = measured(recorded, pcm)._replace(waits=one["waits"], errors=tuple(one["errors"]))
    return heard


def measured(heard: np.ndarray, pcm: np.ndarray) -> Heard:
    start = SCANNED * 8  # within the first segment
    lag = int(np.argmax(correlate(heard, pcm[start : start + STRETCH], "valid"))) - start
    lags = [found(heard, pcm, place, lag) for place in range(0, len(pcm) - SCANNED + 1, SCANNED)]
    steps = [after - lag for lag, after in pairwise([lags[0], *lags])]
    near = [abs(index * SCANNED - CUT) <= 2 * SCANNED for index in range(len(steps))]
    elsewhere = [(index * SCANNED / RATE, step) for index, step in enumerate(steps) if step and not near[index]]
    before, behind = lags[near.index(True) - 1], lags[len(near) - near[::-1].index(True)]
    return Heard(behind - before, foreign(heard, pcm, before, behind), tuple(elsewhere))


def found(heard: np.ndarray, pcm: np.ndarray, start: int, lag: int) -> int:
    """How much later in what was heard the stretch from `start` is most alike, within AROUND of `lag`."""
    wanted, first = pcm[start : start + SCANNED], max(0, start + lag - AROUND)
    there = heard[first : start + lag + SCANNED + AROUND]
    energies = np.convolve(there**2, np.ones(SCANNED), "valid")
    return first + int(np.argmax(correlate(there, wanted, "valid") / np.sqrt(energies + 1e-9))) - start


def foreign(heard: np.ndarray, pcm: np.ndarray, before: int, behind: int) -> int:
    """From the first to the last block near the join that is neither the one half nor the other."""
    first = heard[CUT - AROUND + before :][: 2 * AROUND]
    second = heard[CUT - AROUND + behind :][: 2 * AROUND]
    wanted = pcm[CUT - AROUND : CUT + AROUND]
    return max(0, 2 * AROUND - alike(first, wanted) - alike(second[::-1], wanted[::-1]) + behind - before)


def alike(heard: np.ndarray, wanted: np.ndarray) -> int:
    """How many samples from the start are those of the recording, in steps of BLOCK."""
    errors = ((heard - wanted) ** 2).reshape(-1, BLOCK).mean(axis=1)
    bad = np.flatnonzero(errors > 0.5 * np.mean(wanted**2))
    return int(bad[0]) * BLOCK if len(bad) else len(wanted)


def main(folder: Path) -> None:
    pcm = recording()
    for codec in MIMES:
        present(codec, stereo(pcm), folder / codec.value)
        cases = [Case(codec, player, name) for player, names in PLAYERS.items() for name in names]
        for case, heard in listen(cases, pcm, folder).items():
            row = (case.player, case.name, codec.value, *heard)
            sys.stdout.write(f"| {' | '.join(map(str, row))} |\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
