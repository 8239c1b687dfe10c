"""Albums through the API: which one is meant, and the signed URLs that `startAlbumPlayback` answers for it.

An album is named by its id (global, or the plain UUID) or by words for the search, which answers its best match first.

Not here: single tracks (`listening`).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from appliance.client import GraphClient, mutation
from appliance.connections import Listed
from appliance.listening import Named, NothingFound
from graph import ids

ALBUM_FIELDS: Final = "id title artist { name }"
ALBUM: Final = f"query ($id: ID!) {{ album(id: $id) {{ {ALBUM_FIELDS} }} }}"
SEARCH_ALBUMS: Final = f"""
query ($query: String!) {{
  search(query: $query, kinds: [ALBUM], first: 1) {{ edges {{ node {{ ... on Album {{ {ALBUM_FIELDS} }} }} }} }}
}}"""
START_ALBUM: Final = mutation("startAlbumPlayback", "playback { hlsUrl dashUrl }")


class Album(msgspec.Struct, frozen=True):
    """An album as far as the command line shows it."""

    id: str
    title: str
    artist: Named | None = None

    @property
    def described(self) -> str:
        return f"{self.title}, by {self.artist.name}" if self.artist else self.title


class AlbumPlayback(msgspec.Struct, frozen=True, rename="camel"):
    """The signed manifests of a whole album; a scheme that DASH does not have has the one of HLS alone."""

    hls_url: str
    dash_url: str | None


class _Started(msgspec.Struct, frozen=True):
    playback: AlbumPlayback


async def find_album(client: GraphClient, words: str) -> Album:
    """The album that an id or a search means. Raises NothingFound."""
    album_id = _album_id(words)
    album: Album | None
    if album_id is not None:
        album = await client.query(ALBUM, {"id": album_id}, to=Album | None)  # type: ignore[arg-type] # a union is a type to msgspec
    else:
        hits = (await client.query(SEARCH_ALBUMS, {"query": words}, to=Listed[Album])).nodes
        album = hits[0] if hits else None
    if album is None:
        raise NothingFound(f"no album was found for {words!r}")
    return album


async def start_album(client: GraphClient, album: Album, protection: str) -> AlbumPlayback:
    """Raises InputRefused, GraphRefused, GraphAway."""
    return (await client.mutate(START_ALBUM, {"albumId": album.id, "protection": protection}, to=_Started)).playback


def _album_id(words: str) -> str | None:
    """The global id, if the words are one or are an album's UUID."""
    if ids.find("Album", words) is not None:
        return words
    try:
        return ids.encode("Album", UUID(words))
    except ValueError:
        return None
