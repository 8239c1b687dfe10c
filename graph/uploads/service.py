"""Rules of uploads: who may promise a master, when the promise counts as kept, and what follows from it.

Theory of operation. `create` writes the promise and signs the requests that keep it; asked again for the same content
it renews the same promise and tells what has arrived, so a client may retry and go on. `complete` puts parts together,
compares the stored object with the promise and hands the master over to the ingest (`graph.uploads.handover`). Whoever
comes second finds the promise kept and gets the same answer. A crash at any step leaves either everything or nothing.

A promise that has expired is renewed by `create`; what has arrived already need not be sent again. An object that turns
out to be another than the promised one is removed, so that nobody believes that it has arrived.

The store keeps the SHA-256 that it was sent if it can (`ChecksumSHA256`). One that cannot makes us read the object: a
thread hashes it piece by piece at the store's speed, and memory stays at one piece.

Not here: the multipart upload (`graph.uploads.transfer`), files that come through the API (`graph.uploads.intake`),
progress of the job (`graph.uploads.progress`), the worker (`ingest`), GraphQL (`graph.uploads.mutations`).
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from config.errors import ObjectMissing
from config.objects import ObjectStore
from config.postgres import Pool
from config.settings import UploadSettings
from graph.errors import Forbidden, ProblemCode, Refused, refused
from graph.keys import new_key
from graph.uploads import handover, transfer
from graph.uploads.promise import SHA256_HEX, Promise, normalised, problems
from graph.uploads.records import COLUMNS, Stored, object_key, stored_of
from graph.uploads.tables import UploadTable
from graph.uploads.transfer import Transfer
from graph.viewer import Viewer
from ingest.contract import Job

OWNER_OF_TRACK = "SELECT a.owner_id FROM tracks t JOIN artists a ON a.id = t.artist_id WHERE t.id = $1"

# The newest promise of the same content that has not been kept yet, given a new term.
RENEW = f"""
    UPDATE uploads SET expires_at = $5, file_name = $6, content_type = $7
    WHERE id = (
        SELECT id FROM uploads
        WHERE user_id = $1 AND track_id = $2 AND sha256 = $3 AND size_bytes = $4 AND completed_at IS NULL
        ORDER BY id DESC LIMIT 1
        FOR UPDATE
    )
    RETURNING {COLUMNS}
"""  # noqa: S608 -- names of columns

LOAD = f"SELECT {COLUMNS} FROM uploads WHERE id = $1"  # noqa: S608 -- names of columns

FORGET = f"DELETE FROM uploads WHERE id = $1 AND completed_at IS NULL RETURNING {COLUMNS}"  # noqa: S608 -- see above

TRACK_BY_CONTENT = """
    SELECT u.track_id FROM uploads u JOIN assets a ON a.upload_id = u.id
    WHERE u.user_id = $1 AND u.sha256 = $2 AND a.status <> 'failed'
    ORDER BY u.id DESC LIMIT 1
"""

# A replaced revision counts no more: its audio is no track's any longer.
TRACK_BY_FINGERPRINT = """
    SELECT track.id FROM assets AS held
    JOIN tracks AS track ON track.asset_id = held.asset_id
    JOIN artists AS artist ON artist.id = track.artist_id
    WHERE held.pcm_sha256 = $2 AND held.status = 'ready' AND artist.owner_id = $1
        AND NOT EXISTS (
            SELECT FROM assets AS newer
            WHERE newer.asset_id = held.asset_id AND newer.revision > held.revision AND newer.status = 'ready'
        )
    ORDER BY track.id LIMIT 1
"""


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that was taken, and the requests that keep it."""

    upload_id: UUID
    transfer: Transfer
    expires_at: datetime


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that is kept; `job` is there for the one call that enqueued it."""

    track_id: UUID
    job: Job | None


async def create(
    pool: Pool,
    store: ObjectStore,
    *,
    viewer: Viewer,
    track_id: UUID | None,
    promise: Promise,
    in_parts: bool | None,
    limits: UploadSettings,
) -> Announced:
    """Take a promise for a track that the viewer manages. Raises Forbidden, Refused, ServiceUnavailable.

    A `track_id` of None is an id that names no track: a listener is told that it may not upload all the same. Without
    `in_parts` the size decides.
    """
    if not viewer.may_publish:
        raise Forbidden("Only artists may upload.")
    owner_id = None if track_id is None else await pool.fetchval(OWNER_OF_TRACK, track_id)
    if track_id is None or owner_id is None:
        raise refused(ProblemCode.NOT_FOUND, "trackId")
    if not viewer.may_manage(owner_id):
        raise Forbidden("This track belongs to another artist.")
    promise = normalised(promise)
    found = problems(promise, limits.max_bytes)
    if found:
        raise Refused(*found)
    wants_parts = promise.size_bytes >= limits.multipart_from_bytes if in_parts is None else in_parts
    expires_at = datetime.now(UTC) + timedelta(seconds=limits.lifetime_s)
    renewed = await _renewed(pool, viewer.user_id, track_id=track_id, promise=promise, expires_at=expires_at)
    upload = renewed or await _added(viewer.user_id, track_id=track_id, promise=promise, expires_at=expires_at)
    prepared = await transfer.prepare(
        pool,
        store,
        upload,
        part_bytes=limits.part_bytes if wants_parts else None,
        renewed=renewed is not None,
        lifetime_s=limits.lifetime_s,
    )
    return Announced(upload_id=upload.id, transfer=prepared, expires_at=expires_at)


async def _renewed(
    pool: Pool, user_id: UUID, *, track_id: UUID, promise: Promise, expires_at: datetime
) -> Stored | None:
    row = await pool.fetchrow(
        RENEW,
        user_id,
        track_id,
        promise.digest,
        promise.size_bytes,
        expires_at,
        promise.file_name,
        promise.content_type,
    )
    return None if row is None else stored_of(row)


async def _added(user_id: UUID, *, track_id: UUID, promise: Promise, expires_at: datetime) -> Stored:
    upload_id = new_key()
    upload = Stored(
        id=upload_id,
        user_id=user_id,
        track_id=track_id,
        object_key=object_key(upload_id),
        file_name=promise.file_name,
        content_type=promise.content_type,
        size_bytes=promise.size_bytes,
        sha256=promise.digest,
        expires_at=expires_at,
    )
    await UploadTable.insert(UploadTable(**msgspec.structs.asdict(upload)))
    return upload


async def find(pool: Pool, viewer: Viewer, upload_id: UUID) -> Stored:
    """A promise that the viewer manages. Raises Refused; one of somebody else looks like none."""
    row = await pool.fetchrow(LOAD, upload_id)
    upload = stored_of(row) if row is not None else None
    if upload is None or not viewer.may_manage(upload.user_id):
        raise refused(ProblemCode.NOT_FOUND, "uploadId")
    return upload


async def complete(
    pool: Pool, store: ObjectStore, *, viewer: Viewer, upload_id: UUID, back_catalogue: bool = False
) -> Kept:
    """Check that a promise is kept and start the ingest, once. Raises Forbidden, Refused, ServiceUnavailable."""
    upload = await find(pool, viewer, upload_id)
    if upload.completed_at is not None:
        return Kept(track_id=upload.track_id, job=None)
    if upload.expires_at <= datetime.now(UTC):
        raise refused(ProblemCode.UPLOAD_EXPIRED, "uploadId")
    await transfer.assemble(store, upload)
    await _check_object(store, upload)
    async with pool.acquire() as connection, connection.transaction():
        job = await handover.keep(connection, viewer, upload, back_catalogue=back_catalogue)
    return Kept(track_id=upload.track_id, job=job)


async def abort(pool: Pool, store: ObjectStore, *, viewer: Viewer, upload_id: UUID) -> None:
    """Take a promise back and remove what has arrived. Raises Refused, ServiceUnavailable.

    The row goes first: whoever completes the promise at this moment either has it, or finds it gone. What a crash
    leaves in the store then is nobody's, and is swept.
    """
    upload = await find(pool, viewer, upload_id)
    row = await pool.fetchrow(FORGET, upload.id)
    if row is None:
        raise refused(ProblemCode.UPLOAD_COMPLETED, "uploadId")
    await transfer.discard(store, stored_of(row))


async def _check_object(store: ObjectStore, upload: Stored) -> None:
    try:
        info = await store.head(upload.object_key)
    except ObjectMissing as error:
        raise refused(ProblemCode.UPLOAD_MISSING, "uploadId") from error
    if info.size_bytes != upload.size_bytes:
        message = (
            f"{upload.size_bytes} bytes were announced and {info.size_bytes} have arrived. Send the whole file again."
        )
        raise refused(ProblemCode.UPLOAD_SIZE_MISMATCH, "uploadId", message)
    if (info.sha256 or await _sha256(store, upload.object_key)) != upload.sha256:
        await store.delete(upload.object_key)
        raise refused(ProblemCode.UPLOAD_CHECKSUM_MISMATCH, "uploadId")


async def _sha256(store: ObjectStore, key: str) -> bytes:
    digest = hashlib.sha256()
    async for piece in store.stream(key):
        await asyncio.to_thread(digest.update, piece)  # releases the interpreter, so the loop goes on meanwhile
    return digest.digest()


async def track_with_content(pool: Pool, user_id: UUID, *, sha256: str) -> UUID | None:
    """The track to which this user has uploaded this very content, unless its ingest failed."""
    return await _track_with_digest(pool, TRACK_BY_CONTENT, user_id, sha256)


async def track_with_fingerprint(pool: Pool, user_id: UUID, *, pcm_sha256: str) -> UUID | None:
    """The track of this user's artists whose audio has this digest (`ingest.fingerprint`), once it is ready."""
    return await _track_with_digest(pool, TRACK_BY_FINGERPRINT, user_id, pcm_sha256)


async def _track_with_digest(pool: Pool, statement: str, user_id: UUID, text: str) -> UUID | None:
    digest = text.strip().lower()
    if not SHA256_HEX.fullmatch(digest):
        return None
    track_id: UUID | None = await pool.fetchval(statement, user_id, bytes.fromhex(digest))
    return track_id
