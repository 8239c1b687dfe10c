"""The albums of the demo library, by bands that do not exist."""

from __future__ import annotations

from typing import Final

import msgspec

from graph.catalog.releases import ReleaseType


class Album(msgspec.Struct, frozen=True, kw_only=True):
    """A record by one band; `seed` decides its cover."""

    artist: str
    title: str
    year: int
    seed: int
    genres: tuple[str, ...]
    type: ReleaseType = ReleaseType.EP
    png: bool = False


BREAKWATER: Final = Album(
    artist="The Lantern Keepers", title="Letters from the Breakwater", year=2023, seed=16, genres=("Folk", "Acoustic")
)
FERRY: Final = Album(
    artist="Octave Harbour", title="Night Ferry Timetable", year=2024, seed=23, genres=("Electronic", "Downtempo")
)
MACHINES: Final = Album(
    artist="Paper Orrery",
    title="Small Machines for Large Rooms",
    year=2022,
    seed=37,
    genres=("Ambient", "Modern Classical"),
)
PERIHELION: Final = Album(
    artist="Paper Orrery",
    title="Perihelion",
    year=2025,
    seed=41,
    genres=("Ambient",),
    type=ReleaseType.SINGLE,
    png=True,
)
