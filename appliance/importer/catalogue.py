"""The catalogue side of an import: the artist, the album and the track that a file belongs to, found or made.

Rule: an import that was interrupted leaves no double. A track is made before its file is uploaded, so an interruption
can leave one without media; the next import of the same song takes that one. Unfinished are tracks without an upload
and those whose only masters failed. A finished track is never touched: another master of its title is another track.
When a service was away, what is known is asked for again: the answer that was lost may have been that a thing was made.

An album is its album artist's, a track its own artist's: a compilation has tracks of many. Names compare without
regard to case, width and spaces (`albums.same_name`). All of it runs one file at a time, so that two files of one new
album do not make it twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from appliance.client import GraphClient, mutation
from appliance.client_errors import ClientError
from appliance.connections import Page
from appliance.importer.albums import Description, same_name

OwnArtists = Callable[[], Awaitable[Mapping[str, str]]]
"""Asks for the importing account's artists: global ids by name."""

CREATE_ARTIST: Final = mutation("createArtist", "artist { id }")
CREATE_ALBUM: Final = mutation("createAlbum", "album { id }")
CREATE_TRACK: Final = mutation("createTrack", "track { id }")
ALBUMS: Final = """
query ($id: ID!, $after: String) {
  artist(id: $id) {
    albums(first: 100, after: $after) { edges { node { id title } } pageInfo { hasNextPage endCursor } }
  }
}"""
_TRACKS: Final = """
query ($id: ID!, $after: String) {
  %s(id: $id) {
    tracks(first: 100, after: $after) {
      edges { node { id title discNumber trackNumber durationMs album { id } ingest { status } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
TRACKS_OF_ALBUM: Final = _TRACKS % "album"
TRACKS_OF_ARTIST: Final = _TRACKS % "artist"


class Id(msgspec.Struct, frozen=True):
    """Anything of which only the id was asked."""

    id: str


class AlbumNode(msgspec.Struct, frozen=True):
    id: str
    title: str


class IngestNode(msgspec.Struct, frozen=True):
    status: str


class TrackNode(msgspec.Struct, frozen=True, rename="camel"):
    """A track as its owner sees it."""

    id: str
    title: str
    disc_number: int = 1
    track_number: int | None = None
    duration_ms: int | None = None
    album: Id | None = None
    ingest: IngestNode | None = None

    @property
    def unfinished(self) -> bool:
        """Nothing can be heard of it, and nothing is on its way."""
        on_its_way = self.ingest is not None and self.ingest.status != "FAILED"
        return self.duration_ms is None and not on_its_way


class _AlbumsOf(msgspec.Struct, frozen=True):
    albums: Page[AlbumNode]


class _TracksOf(msgspec.Struct, frozen=True):
    tracks: Page[TrackNode]


class _ArtistMade(msgspec.Struct, frozen=True):
    artist: Id


class _AlbumMade(msgspec.Struct, frozen=True):
    album: Id


class _TrackMade(msgspec.Struct, frozen=True):
    track: Id


class Catalogue:
    """What the importing account has, learnt as far as the files ask for it."""

    def __init__(self, client: GraphClient, own_artists: OwnArtists, *, default_artist: str) -> None:
        """Files that name no artist belong to `default_artist`."""
        self._client = client
        self._own_artists = own_artists
        self._default_artist = default_artist
        self._artists: dict[str, str] = {}
        self._albums: dict[str, dict[str, str]] = {}
        self._unfinished: dict[tuple[str | None, str | None], list[TrackNode]] = {}
        self._taken: set[str] = set()
        self._lock = asyncio.Lock()

    async def track_for(self, description: Description) -> str:
        """The id of a track without media for this description. Raises ClientError, ServiceUnavailable."""
        async with self._lock:
            try:
                artist_id = await self._artist(description.artist or self._default_artist)
                album_id = await self._album(description) if description.album else None
                track_id = await self._track(artist_id, album_id, description)
            except ClientError as error:
                if error.retryable:
                    self._forget()
                raise
            self._taken.add(track_id)
            return track_id

    def _forget(self) -> None:
        self._artists, self._albums, self._unfinished = {}, {}, {}

    async def _artist(self, name: str) -> str:
        if not self._artists:
            self._artists = {same_name(known): id_ for known, id_ in (await self._own_artists()).items()}
        known = self._artists.get(same_name(name))
        if known is None:
            made = await self._client.mutate(CREATE_ARTIST, {"name": name}, to=_ArtistMade)
            known = self._artists[same_name(name)] = made.artist.id
            self._albums[known] = {}
            self._unfinished[known, None] = []
        return known

    async def _album(self, description: Description) -> str:
        artist_id = await self._artist(description.album_artist or description.artist or self._default_artist)
        if artist_id not in self._albums:
            self._albums[artist_id] = await self._fetch_albums(artist_id)
        albums, title = self._albums[artist_id], description.album or ""
        if same_name(title) not in albums:
            value = {"artistId": artist_id, "title": title, "releaseDate": description.release_date}
            made = await self._client.mutate(CREATE_ALBUM, value, to=_AlbumMade)
            albums[same_name(title)] = made.album.id
            self._unfinished[None, made.album.id] = []
        return albums[same_name(title)]

    async def _track(self, artist_id: str, album_id: str | None, description: Description) -> str:
        place = (None, album_id) if album_id else (artist_id, None)  # an album's tracks may be of several artists
        if place not in self._unfinished:
            self._unfinished[place] = await self._fetch_unfinished(artist_id, album_id)
        for track in self._unfinished[place]:
            if track.id not in self._taken and _is_same(track, description):
                return track.id
        made = await self._client.mutate(CREATE_TRACK, _track_input(artist_id, album_id, description), to=_TrackMade)
        return made.track.id

    async def _fetch_albums(self, artist_id: str) -> dict[str, str]:
        albums: dict[str, str] = {}
        after: str | None = None
        while True:
            found = await self._client.query(ALBUMS, {"id": artist_id, "after": after}, to=_AlbumsOf)
            for album in found.albums.nodes:
                albums.setdefault(same_name(album.title), album.id)
            if not found.albums.page_info.has_next_page:
                return albums
            after = found.albums.page_info.end_cursor

    async def _fetch_unfinished(self, artist_id: str, album_id: str | None) -> list[TrackNode]:
        document, id_ = (TRACKS_OF_ALBUM, album_id) if album_id else (TRACKS_OF_ARTIST, artist_id)
        tracks: list[TrackNode] = []
        after: str | None = None
        while True:
            found = await self._client.query(document, {"id": id_, "after": after}, to=_TracksOf)
            unfinished = (track for track in found.tracks.nodes if track.unfinished)
            tracks += [track for track in unfinished if (track.album.id if track.album else None) == album_id]
            if not found.tracks.page_info.has_next_page:
                return tracks
            after = found.tracks.page_info.end_cursor


def _track_input(artist_id: str, album_id: str | None, description: Description) -> dict[str, object]:
    return {
        "artistId": artist_id,
        "albumId": album_id,
        "title": description.title,
        "isrc": description.isrc,
        "discNumber": description.disc_number,
        "trackNumber": description.track_number,
    }


def _is_same(track: TrackNode, description: Description) -> bool:
    place = description.disc_number, description.track_number
    return same_name(track.title) == same_name(description.title) and (track.disc_number, track.track_number) == place
