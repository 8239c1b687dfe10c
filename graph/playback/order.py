"""The order of a gapless playback: the tracks of an album, or those that a listener names.

One statement reads them. What is played without a gap is played as a whole: one track that is not ready refuses all of
it, and is named. An album is what its viewer sees of it, so that a listener is not refused for a track that only its
artist knows of; it plays without the tracks that were withdrawn.

Not here: the URLs (`graph.playback.gapless`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias
from uuid import UUID

from config.postgres import Pool
from graph.catalog.records import Track, track_of
from graph.catalog.sql import TRACKS, TRACKS_OF_ALBUMS
from graph.errors import PROBLEM_MEANINGS, Problem, ProblemCode, Refused, refused
from graph.playback.gapless import Playable
from graph.viewer import Viewer
from origin.running_order import MAX_TRACKS

Wanted: TypeAlias = tuple[tuple[str, ...], Track | None]
"""Where in the input a track is named, and the track if there is one for this viewer."""


async def of_album(pool: Pool, *, viewer: Viewer, album_id: UUID) -> list[Playable]:
    """The tracks of an album as the viewer sees it, in its own order. Raises Refused."""
    start = [album_id], [None], [None], [None], [MAX_TRACKS + 1]
    found = await pool.fetch(TRACKS_OF_ALBUMS, *start, viewer.user_id, viewer.is_admin)
    rows = [row for row in found if row["withdrawn_at"] is None]
    if not rows:
        raise refused(ProblemCode.NOT_PLAYABLE, "albumId", "There is nothing to play on this album.")
    if len(found) > MAX_TRACKS:
        raise refused(ProblemCode.TOO_LONG, "albumId", f"At most {MAX_TRACKS} tracks play without a gap; play a part.")
    return _playable([(("albumId",), track_of(row)) for row in rows])


async def of_tracks(pool: Pool, *, viewer: Viewer, track_ids: Sequence[UUID | None]) -> list[Playable]:
    """The tracks in the order given, in which one may stand twice; None is the id of no track. Raises Refused."""
    if not track_ids:
        raise refused(ProblemCode.REQUIRED, "trackIds", "Name at least one track.")
    if len(track_ids) > MAX_TRACKS:
        raise refused(ProblemCode.TOO_LONG, "trackIds", f"At most {MAX_TRACKS} tracks play without a gap.")
    rows = await pool.fetch(TRACKS, [key for key in set(track_ids) if key is not None], viewer.user_id, viewer.is_admin)
    found = {row["id"]: track_of(row) for row in rows}
    return _playable(
        [(("trackIds", str(place)), None if key is None else found.get(key)) for place, key in enumerate(track_ids)]
    )


def _playable(tracks: Sequence[Wanted]) -> list[Playable]:
    """Each track with its media; one that has none, or is not there for this viewer, is named at its field."""
    problems = list(_problems(tracks))
    if problems:
        raise Refused(*problems)
    return [Playable(track, track.media) for _, track in tracks if track is not None and track.media is not None]


def _problems(tracks: Sequence[Wanted]) -> Iterator[Problem]:
    for field, track in tracks:
        if track is None:
            yield Problem(ProblemCode.NOT_PLAYABLE, field, PROBLEM_MEANINGS[ProblemCode.NOT_PLAYABLE])
        elif track.media is None:
            yield Problem(ProblemCode.NOT_PLAYABLE, field, f"There is nothing to play in {track.title!r} yet.")
        elif track.withdrawn_at is not None:
            yield Problem(ProblemCode.TRACK_WITHDRAWN, field, f"{track.title!r} was withdrawn.")
