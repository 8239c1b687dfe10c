"""Descriptions after an import: what masters say of genres, lyrics and MusicBrainz becomes the catalogue's.

The ingest only proposes them, since anybody may have written them into a file. Whoever imports a folder has chosen it
with its tags, so they are taken over here, by the same mutations that an artist's page uses. What is said there already
is not touched. An album gets the genres of its first track. What fails here spoils no import: the next import of
the same folder tries again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from appliance.client import GraphClient, mutation
from appliance.client_errors import ClientError
from appliance.connections import Listed
from appliance.importer.outcome import Outcome, Status
from config.errors import ServiceUnavailable

PAGE: Final = 50
"""How many tracks are asked for at once: lyrics are long."""
MOST_GENRES: Final = 10
"""Of a track or an album in the catalogue; a file may name more."""

PROPOSALS: Final = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Track {
    id lyrics syncedLyrics { startMs text } musicbrainzRecordingId genres(first: 1) { edges { node { id } } }
    album { id musicbrainzReleaseId genres(first: 1) { edges { node { id } } } }
    proposal { tags {
      genres lyrics syncedLyrics { startMs text } musicbrainzRecordingId musicbrainzReleaseId
    } }
  } }
}"""
UPDATE_TRACK: Final = mutation("updateTrack", "track { id }")
UPDATE_ALBUM: Final = mutation("updateAlbum", "album { id }")

Fields = dict[str, Any]


class _Album(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    genres: Listed[Any]
    musicbrainz_release_id: str | None = None


class _Tags(msgspec.Struct, frozen=True, rename="camel"):
    genres: list[str]
    synced_lyrics: list[Fields]
    lyrics: str | None = None
    musicbrainz_recording_id: str | None = None
    musicbrainz_release_id: str | None = None


class _Proposal(msgspec.Struct, frozen=True):
    tags: _Tags | None = None


class _Track(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    genres: Listed[Any]
    synced_lyrics: list[Fields]
    lyrics: str | None = None
    musicbrainz_recording_id: str | None = None
    album: _Album | None = None
    proposal: _Proposal | None = None


async def take_over(client: GraphClient, outcomes: Sequence[Outcome]) -> None:
    """Write what these files say to their tracks and albums, as far as nothing is said there."""
    tracks = [outcome.track for outcome in outcomes if outcome.track and outcome.status is not Status.FAILED]
    described: set[str] = set()
    with suppress(ClientError, ServiceUnavailable):
        for start in range(0, len(tracks), PAGE):
            found = await client.query(PROPOSALS, {"ids": tracks[start : start + PAGE]}, to=list[_Track | None])
            for document, fields, subject in _wanted(found):
                if subject not in described:
                    described.add(subject)
                    with suppress(ClientError):  # of this one alone, such as for a genre without a letter
                        await client.mutate(document, fields, to=Fields)


def _wanted(tracks: Sequence[_Track | None]) -> Iterator[tuple[str, Fields, str]]:
    """Mutations with their inputs, each with the id of what it changes."""
    for track in tracks:
        if track is None or track.proposal is None or track.proposal.tags is None:
            continue
        if fields := _of_track(track, track.proposal.tags):
            yield UPDATE_TRACK, {"trackId": track.id, **fields}, track.id
        if track.album is not None and (fields := _of_album(track.album, track.proposal.tags)):
            yield UPDATE_ALBUM, {"albumId": track.album.id, **fields}, track.album.id


def _of_track(track: _Track, tags: _Tags) -> Fields:
    """What the tags say and the track does not."""
    return _missing(
        genres=(track.genres.nodes, tags.genres[:MOST_GENRES]),
        lyrics=(track.lyrics, tags.lyrics),
        syncedLyrics=(track.synced_lyrics, tags.synced_lyrics),
        musicbrainzRecordingId=(track.musicbrainz_recording_id, tags.musicbrainz_recording_id),
    )


def _of_album(album: _Album, tags: _Tags) -> Fields:
    return _missing(
        genres=(album.genres.nodes, tags.genres[:MOST_GENRES]),
        musicbrainzReleaseId=(album.musicbrainz_release_id, tags.musicbrainz_release_id),
    )


def _missing(**pairs: tuple[object, object]) -> Fields:
    return {name: said for name, (held, said) in pairs.items() if said and not held}
