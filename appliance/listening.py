"""Listening through the API: which track is meant, and the signed URLs that `startPlayback` answers for it.

A track is named by its id (global, or the plain UUID) or by words for the search; of what the search finds the first
track is taken, else the first track of the first album or artist.

Not here: whole albums (`albums`), playing. The URL opens in any player.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from appliance.client import GraphClient, mutation
from appliance.connections import Listed
from appliance.errors import ApplianceError
from graph import ids

TRACK_FIELDS: Final = "id title durationMs artist { name }"
TRACK: Final = f"query ($id: ID!) {{ track(id: $id) {{ {TRACK_FIELDS} }} }}"
SEARCH: Final = f"""
query ($query: String!) {{
  search(query: $query, first: 20) {{
    edges {{
      node {{
        ... on Track {{ {TRACK_FIELDS} }}
        ... on Album {{ tracks(first: 10) {{ edges {{ node {{ {TRACK_FIELDS} }} }} }} }}
        ... on Artist {{ tracks(first: 10) {{ edges {{ node {{ {TRACK_FIELDS} }} }} }} }}
      }}
    }}
  }}
}}"""
START_PLAYBACK: Final = mutation("startPlayback", "playback { hlsUrl dashUrl licenseUrl }")
START_WHOLE: Final = mutation("startPlayback", "playback { files { quality mediaType url } }")
COMMON_TYPES: Final = ("audio/mpeg", "audio/mp4")
"""What a player opens that opens little else."""


class NothingFound(ApplianceError):
    """No track that can be played has this id or these words; look for others."""

    code = "nothing_found"


class NoSuchQuality(ApplianceError):
    """The track is not stored as such a whole file; choose one of those that are named, or take HLS or DASH."""

    code = "no_such_quality"


class Named(msgspec.Struct, frozen=True):
    name: str


class Track(msgspec.Struct, frozen=True, rename="camel"):
    """A track as far as the command line shows it."""

    id: str
    title: str
    duration_ms: int | None = None
    artist: Named | None = None

    @property
    def described(self) -> str:
        return f"{self.title}, by {self.artist.name}" if self.artist else self.title


class _Hit(msgspec.Struct, frozen=True, rename="camel"):
    """One result: a track's own fields, or the tracks of an album or artist."""

    id: str | None = None
    title: str | None = None
    duration_ms: int | None = None
    artist: Named | None = None
    tracks: Listed[Track] | None = None

    @property
    def own(self) -> list[Track]:
        if self.id is None or self.title is None:
            return []
        return [Track(id=self.id, title=self.title, duration_ms=self.duration_ms, artist=self.artist)]

    @property
    def below(self) -> list[Track]:
        return self.tracks.nodes if self.tracks else []


class Playback(msgspec.Struct, frozen=True, rename="camel"):
    """The signed manifests of one track, as far as its form has them, and where its keys are asked for."""

    hls_url: str
    dash_url: str | None
    license_url: str | None


class WholeFile(msgspec.Struct, frozen=True, rename="camel"):
    """A track as one file; `quality` is its name in the ladder."""

    quality: str
    media_type: str
    url: str

    @property
    def rarity(self) -> int:
        return COMMON_TYPES.index(self.media_type) if self.media_type in COMMON_TYPES else len(COMMON_TYPES)


class _Files(msgspec.Struct, frozen=True):
    files: list[WholeFile]


class _StartedWhole(msgspec.Struct, frozen=True):
    playback: _Files


class _Started(msgspec.Struct, frozen=True):
    playback: Playback


async def find_track(client: GraphClient, words: str) -> Track:
    """The track that an id or a search means. Raises NothingFound."""
    track_id = _track_id(words)
    if track_id is not None:
        track = await client.query(TRACK, {"id": track_id}, to=Track | None)  # type: ignore[arg-type] # a union is a type to msgspec
        candidates = [] if track is None else [track]
    else:
        hits = (await client.query(SEARCH, {"query": words}, to=Listed[_Hit])).nodes
        candidates = [track for hit in hits for track in hit.own] + [track for hit in hits for track in hit.below]
    for candidate in candidates:
        if candidate.duration_ms is not None:  # nothing can be heard of the others yet
            return candidate
    raise NothingFound(f"nothing to play was found for {words!r}")


async def start_playback(client: GraphClient, track: Track, protection: str) -> Playback:
    """Raises InputRefused, GraphRefused, GraphAway."""
    return (await client.mutate(START_PLAYBACK, {"trackId": track.id, "protection": protection}, to=_Started)).playback


async def start_whole(client: GraphClient, track: Track, quality: str | None) -> WholeFile:
    """Raises NoSuchQuality, InputRefused, GraphRefused, GraphAway."""
    files = (await client.mutate(START_WHOLE, {"trackId": track.id}, to=_StartedWhole)).playback.files
    return choose(files, quality)


def choose(files: Sequence[WholeFile], quality: str | None) -> WholeFile:
    """The file of this quality, or for None the one that most players open. Raises NoSuchQuality."""
    if not files:
        raise NoSuchQuality("this track is not stored as a whole file; play it by --protocol hls")
    if quality is None:
        return min(files, key=lambda file: file.rarity)
    for file in files:
        if file.quality == quality:
            return file
    raise NoSuchQuality(f"no whole file is called {quality!r}; there are {', '.join(file.quality for file in files)}")


def _track_id(words: str) -> str | None:
    """The global id, if the words are one or are a track's UUID."""
    if ids.find("Track", words) is not None:
        return words
    try:
        return ids.encode("Track", UUID(words))
    except ValueError:
        return None
