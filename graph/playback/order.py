"""The order of a gapless playback: the tracks of an album, or those that a listener names.

One statement reads them. What is played without a gap is played as a whole: one track that is not ready refuses all of
it, and is named. An album is what its viewer sees of it, so that a listener is not refused for a track that only its
artist knows of; it plays without the tracks that were withdrawn, and without those that its market has no licence for.

Not here: the URLs (`graph.playback.gapless`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from valkey.asyncio import Valkey

from config.postgres import Pool
from graph.catalog.records import Track, track_of
from graph.catalog.sql import RELEASED_TRACKS, TRACKS_OF_ALBUM
from graph.errors import PROBLEM_MEANINGS, Problem, ProblemCode, Refused, refused
from graph.playback.gapless import Playable
from graph.playback.rights import Listener, licensed_until_s
from origin.running_order import MAX_TRACKS

Wanted: TypeAlias = tuple[tuple[str, ...], Track | None]
"""Where in the input a track is named, and the track if there is one for this viewer."""


async def of_album(pool: Pool, valkey: Valkey, *, listener: Listener, album_id: UUID) -> list[Playable]:
    """The tracks of an album as the viewer sees it, in its own order. Raises Refused."""
    found = await pool.fetch(TRACKS_OF_ALBUM, album_id, MAX_TRACKS + 1, *_asker(listener), listener.market)
    tracks = [track for track in map(track_of, found) if not track.withdrawn]
    if not tracks:
        raise refused(ProblemCode.NOT_PLAYABLE, "albumId", "There is nothing to play on this album.")
    if len(found) > MAX_TRACKS:
        raise refused(ProblemCode.TOO_LONG, "albumId", f"At most {MAX_TRACKS} tracks play without a gap; play a part.")
    until_s = await licensed_until_s(pool, valkey, listener, tracks)
    return _playable([(("albumId",), track) for track in tracks], until_s)


async def of_tracks(
    pool: Pool, valkey: Valkey, *, listener: Listener, track_ids: Sequence[UUID | None]
) -> list[Playable]:
    """The tracks in the order given, in which one may stand twice; None is the id of no track. Raises Refused."""
    if not track_ids:
        raise refused(ProblemCode.REQUIRED, "trackIds", "Name at least one track.")
    if len(track_ids) > MAX_TRACKS:
        raise refused(ProblemCode.TOO_LONG, "trackIds", f"At most {MAX_TRACKS} tracks play without a gap.")
    rows = await pool.fetch(RELEASED_TRACKS, [key for key in set(track_ids) if key is not None], *_asker(listener))
    found = {row["id"]: track_of(row) for row in rows}
    until_s = await licensed_until_s(pool, valkey, listener, found.values())
    wanted = [
        (("trackIds", str(place)), None if key is None else found.get(key)) for place, key in enumerate(track_ids)
    ]
    return _playable(wanted, until_s)


def _asker(listener: Listener) -> tuple[UUID, bool, datetime]:
    return listener.viewer.user_id, listener.viewer.is_admin, datetime.fromtimestamp(listener.now_s, UTC)


def _playable(tracks: Sequence[Wanted], until_s: Mapping[UUID, int]) -> list[Playable]:
    """Each track with its media; one that has none, or is not there for this viewer, is named at its field."""
    problems = list(_problems(tracks, until_s))
    if problems:
        raise Refused(*problems)
    return [
        Playable(track, track.media, until_s[track.id])
        for _, track in tracks
        if track is not None and track.media is not None
    ]


def _problems(tracks: Sequence[Wanted], until_s: Mapping[UUID, int]) -> Iterator[Problem]:
    for field, track in tracks:
        if track is None:
            yield Problem(ProblemCode.NOT_PLAYABLE, field, PROBLEM_MEANINGS[ProblemCode.NOT_PLAYABLE])
        elif track.media is None:
            yield Problem(ProblemCode.NOT_PLAYABLE, field, f"There is nothing to play in {track.title!r} yet.")
        elif track.withdrawn:
            yield Problem(ProblemCode.TRACK_WITHDRAWN, field, f"{track.title!r} was withdrawn.")
        elif track.id not in until_s:
            yield Problem(ProblemCode.NOT_LICENSED, field, f"{track.title!r} may not be heard in your market now.")
