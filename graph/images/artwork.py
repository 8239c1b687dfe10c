"""Artwork: which image an artist, an album, a track or a playlist shows, and who may say so.

Rules. An image may be set by whoever manages what is to show it, if it is the account's own, or is proposed by the
master of a track of its artists: one that was handed over came with the pictures of the account before. It may be set
as soon as the picture has arrived, and is shown once it is ready. One that fails is taken off by the ingest, and a
share lock on its row decides who was first. What gets it is locked next, in the order in which the ingest takes it off,
and read by whose it is under that lock: it may be handed over at the same moment. A master that completes locks its
track before a picture that is only announced; whoever meets it in a circle begins again.

What may have artwork is in `SUBJECTS`, one entry a type.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.errors import Forbidden, ProblemCode, refused
from graph.images.records import COLUMNS
from graph.playlists.service import touch
from graph.rows import Row
from graph.viewer import Viewer
from ingest.contract import ImageStatus

LOCK_IMAGE = f"SELECT {COLUMNS} FROM images WHERE id = $1 FOR SHARE"  # noqa: S608 -- names of columns
IS_PROPOSED = """
SELECT EXISTS (
    SELECT FROM assets AS proposal JOIN tracks AS track ON track.asset_id = proposal.asset_id
    JOIN artists AS artist ON artist.id = track.artist_id
    WHERE proposal.proposed_image_id = $1 AND artist.owner_id = $2
)
"""


class Subject(NamedTuple):
    """Statements about what may have artwork: to hold it, whose it is ($1 its key), and to set it ($2 the image's).

    What shows the image already is not written, so that nobody is told of it.
    """

    hold: str
    owner: str
    set_image: str
    announce: Callable[[Connection, UUID], Awaitable[None]] | None = None
    """Tells those who keep a copy, in the same transaction."""
    private: bool = False
    """Whether it may be one that nobody but its owner knows of."""


SUBJECTS: Mapping[str, Subject] = {
    "Artist": Subject(
        "SELECT FROM artists WHERE id = $1 FOR NO KEY UPDATE",
        "SELECT owner_id FROM artists WHERE id = $1",
        "UPDATE artists SET image_id = $2 WHERE id = $1 AND image_id IS DISTINCT FROM $2 RETURNING true",
    ),
    "Album": Subject(
        "SELECT FROM albums WHERE id = $1 FOR NO KEY UPDATE",
        "SELECT a.owner_id FROM albums s JOIN artists a ON a.id = s.artist_id WHERE s.id = $1",
        "UPDATE albums SET image_id = $2 WHERE id = $1 AND image_id IS DISTINCT FROM $2 RETURNING true",
    ),
    "Track": Subject(
        "SELECT FROM tracks WHERE id = $1 FOR NO KEY UPDATE",
        "SELECT a.owner_id FROM tracks s JOIN artists a ON a.id = s.artist_id WHERE s.id = $1",
        "UPDATE tracks SET image_id = $2 WHERE id = $1 AND image_id IS DISTINCT FROM $2 RETURNING true",
    ),
    "Playlist": Subject(
        "SELECT FROM playlists WHERE id = $1 FOR NO KEY UPDATE",
        "SELECT owner_id FROM playlists WHERE id = $1",
        "UPDATE playlists SET image_id = $2 WHERE id = $1 AND image_id IS DISTINCT FROM $2 RETURNING true",
        touch,
        private=True,
    ),
}


@begun_again
async def set_artwork(pool: Pool, viewer: Viewer, *, type_name: str, key: UUID, image_id: UUID | None) -> None:
    """Put an image of the viewer's on what the viewer manages, or take it off. Raises Forbidden, Refused."""
    subject = SUBJECTS.get(type_name)
    if subject is None:
        raise refused(ProblemCode.NOT_FOUND, "subjectId")
    async with pool.acquire() as connection, connection.transaction():
        image = None if image_id is None else await connection.fetchrow(LOCK_IMAGE, image_id)
        await _hold(connection, viewer, subject, key)
        if image_id is not None:
            await _require_usable(connection, viewer, image)
        changed = await connection.fetchval(subject.set_image, key, image_id)
        if changed and subject.announce is not None:
            await subject.announce(connection, key)


async def _hold(connection: Connection, viewer: Viewer, subject: Subject, key: UUID) -> None:
    """Lock what is to get artwork, which has to be the viewer's then. Raises Forbidden, Refused."""
    await connection.execute(subject.hold, key)
    owner_id = await connection.fetchval(subject.owner, key)
    if owner_id is None or (subject.private and not viewer.may_manage(owner_id)):
        raise refused(ProblemCode.NOT_FOUND, "subjectId")
    if not viewer.may_manage(owner_id):
        raise Forbidden("This belongs to another account.")


async def _require_usable(connection: Connection, viewer: Viewer, row: Row | None) -> None:
    if row is None or not (
        viewer.may_manage(row["owner_id"]) or await connection.fetchval(IS_PROPOSED, row["id"], viewer.user_id)
    ):
        raise refused(ProblemCode.NOT_FOUND, "imageId")
    if row["status"] == ImageStatus.ANNOUNCED.value:
        raise refused(ProblemCode.UPLOAD_MISSING, "imageId", "The picture has not arrived; call completeImageUpload.")
    if row["status"] == ImageStatus.FAILED.value:
        raise refused(ProblemCode.IMAGE_FAILED, "imageId")
