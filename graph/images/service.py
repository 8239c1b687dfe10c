"""Rules of images: who may upload a picture, and when it goes to the ingest.

The row is promise, state and result in one. `announce` writes it and signs the PUT of the picture; an account has one
image of each picture, so whoever announces it again gets the same one, and has nothing to send once it has arrived.
`complete` compares the stored object with the promise and hands it to the ingest, once.

A listener needs pictures for playlists alone, so an account that does not publish has a limited number of them. One
that is shown nowhere is forgotten after a while and counts no more (`ingest.lifecycle.housekeeping`).

Not here: what shows an image (`graph.images.artwork`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from config.errors import ObjectMissing
from config.objects import ObjectStore, PresignedPut
from config.postgres import Connection, Pool
from config.queue import enqueue
from graph.errors import Problem, ProblemCode, Refused, refused
from graph.images.records import COLUMNS, Image, image_of
from graph.keys import new_key
from graph.rows import Row
from graph.uploads.promise import MEDIA_TYPE, SHA256_HEX, UNKNOWN_TYPE
from graph.viewer import Viewer
from ingest.contract import IMAGE_ENTRYPOINT, IMAGE_PRIORITY, MAX_PICTURE_BYTES, ImageJob, ImageStatus
from origin.image import source_key

PICTURE_TYPES = frozenset(
    {*(f"image/{name}" for name in ("jpeg", "jpg", "pjpeg", "png", "x-png", "webp", "avif", "gif")), UNKNOWN_TYPE}
)
"""What a picture may be announced as, so that who picked a wrong file hears of it at once; its bytes decide later."""

MAX_IMAGES_OF_A_LISTENER = 500
"""One for each playlist of the keenest collectors."""

COUNT = "SELECT count(*) FROM (SELECT FROM images WHERE owner_id = $1 AND status <> 'failed' LIMIT $2) AS held"
HELD = "SELECT EXISTS (SELECT FROM images WHERE owner_id = $1 AND sha256 = $2 AND status <> 'failed')"
ANNOUNCE = f"""
INSERT INTO images (id, owner_id, status, size_bytes, sha256, expires_at) VALUES ($1, $2, 'announced', $3, $4, $5)
ON CONFLICT (owner_id, sha256) WHERE status <> 'failed' DO UPDATE SET
    expires_at = CASE images.status WHEN 'announced' THEN excluded.expires_at END,
    size_bytes = CASE images.status WHEN 'announced' THEN excluded.size_bytes ELSE images.size_bytes END
RETURNING {COLUMNS}
"""  # noqa: S608 -- names of columns
LOAD = f"SELECT {COLUMNS} FROM images WHERE id = $1"  # noqa: S608 -- names of columns
KEEP = f"""
UPDATE images SET status = 'queued', expires_at = NULL WHERE id = $1 AND status = 'announced' RETURNING {COLUMNS}
"""  # noqa: S608 -- names of columns


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """An image, and the request that sends its picture; None when there is nothing to send any more."""

    image: Image
    put: PresignedPut | None
    expires_at: datetime


async def announce(
    pool: Pool, store: ObjectStore, *, viewer: Viewer, content_type: str, size_bytes: int, sha256: str, lifetime_s: int
) -> Announced:
    """Take a promise of a picture: anybody's, for a listener has playlists. Raises Refused, ServiceUnavailable."""
    content_type, sha256 = content_type.strip().lower(), sha256.strip().lower()
    found = list(_problems(content_type, size_bytes, sha256))
    if found:
        raise Refused(*found)
    digest, expires_at = bytes.fromhex(sha256), datetime.now(UTC) + timedelta(seconds=lifetime_s)
    await _require_room(pool, viewer, digest)
    image = image_of(await _one(pool, ANNOUNCE, new_key(), viewer.user_id, size_bytes, digest, expires_at))
    put = None
    if image.status is ImageStatus.ANNOUNCED:
        put = await store.presign_put(
            source_key(image.id),
            content_type=content_type,
            size_bytes=size_bytes,
            sha256=digest,
            lifetime_s=lifetime_s,
        )
    return Announced(image=image, put=put, expires_at=expires_at)


async def _require_room(pool: Pool, viewer: Viewer, digest: bytes) -> None:
    """Two announcements at once may both take the last place: it is a bound on what is kept, not a promise."""
    limit = MAX_IMAGES_OF_A_LISTENER
    if viewer.may_publish or await pool.fetchval(COUNT, viewer.user_id, limit) < limit:
        return
    if not await pool.fetchval(HELD, viewer.user_id, digest):
        message = f"An account that does not publish has {MAX_IMAGES_OF_A_LISTENER} images at most."
        raise refused(ProblemCode.QUOTA_REACHED, "sha256", message)


def _problems(content_type: str, size_bytes: int, sha256: str) -> list[Problem]:
    found = []
    if not MEDIA_TYPE.fullmatch(content_type):
        message = "Give a media type such as image/jpeg, without parameters."
        found.append(Problem(ProblemCode.INVALID_VALUE, ("contentType",), message))
    elif content_type not in PICTURE_TYPES:
        message = f"{content_type} is no picture that we can read. Send JPEG, PNG, WebP, AVIF or GIF."
        found.append(Problem(ProblemCode.UNSUPPORTED_TYPE, ("contentType",), message))
    if size_bytes <= 0:
        found.append(Problem(ProblemCode.INVALID_VALUE, ("sizeBytes",), "A picture has bytes."))
    if size_bytes > MAX_PICTURE_BYTES:
        message = f"A picture has at most {MAX_PICTURE_BYTES} bytes; this one has {size_bytes}."
        found.append(Problem(ProblemCode.TOO_LARGE, ("sizeBytes",), message))
    if not SHA256_HEX.fullmatch(sha256):
        message = "Give the SHA-256 of the whole file as 64 hexadecimal digits."
        found.append(Problem(ProblemCode.INVALID_VALUE, ("sha256",), message))
    return found


async def complete(pool: Pool, store: ObjectStore, *, viewer: Viewer, image_id: UUID) -> Image:
    """Check that a promise is kept and have the image drawn, once. Raises Refused, ServiceUnavailable."""
    row = await pool.fetchrow(LOAD, image_id)
    if row is None or not viewer.may_manage(row["owner_id"]):
        raise refused(ProblemCode.NOT_FOUND, "imageId")
    if row["status"] != ImageStatus.ANNOUNCED.value:
        return image_of(row)
    if row["expires_at"] <= datetime.now(UTC):
        message = "The upload has expired. Call createImageUpload again with the same picture."
        raise refused(ProblemCode.UPLOAD_EXPIRED, "imageId", message)
    await _check_object(store, row)
    async with pool.acquire() as connection, connection.transaction():
        kept = await connection.fetchrow(KEEP, image_id)
        if kept is not None:
            await _enqueue(connection, kept)
            return image_of(kept)
    return image_of(await _one(pool, LOAD, image_id))  # somebody else was faster


async def _check_object(store: ObjectStore, row: Row) -> None:
    """A store that keeps no checksum leaves the comparison to the ingest, which reads every byte."""
    try:
        info = await store.head(source_key(row["id"]))
    except ObjectMissing as error:
        message = "The picture has not arrived. Send it with the request that createImageUpload answered."
        raise refused(ProblemCode.UPLOAD_MISSING, "imageId", message) from error
    if info.size_bytes != row["size_bytes"]:
        raise refused(ProblemCode.UPLOAD_SIZE_MISMATCH, "imageId")
    if info.sha256 not in (None, row["sha256"]):
        raise refused(ProblemCode.UPLOAD_CHECKSUM_MISMATCH, "imageId")


async def _enqueue(connection: Connection, row: Row) -> None:
    job = ImageJob(image_id=row["id"], size_bytes=row["size_bytes"], sha256=row["sha256"].hex())
    await enqueue(connection, IMAGE_ENTRYPOINT, msgspec.json.encode(job), priority=IMAGE_PRIORITY)


async def _one(pool: Pool, statement: str, *values: object) -> Row:
    row = await pool.fetchrow(statement, *values)
    if row is None:  # a row of a key that was just used does not go away
        raise refused(ProblemCode.NOT_FOUND, "imageId")
    return row
