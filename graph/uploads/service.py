"""Rules of uploads: who may promise a master, when the promise counts as kept, and what follows from it.

Theory of operation. `create` writes the promise and signs a PUT for it; asked again for the same content it renews the
same promise, so a client may retry. `complete` compares the stored object with the promise and then, in one
transaction, marks the promise as kept, adds the next revision of the track's asset and enqueues the ingest job. Whoever
comes second finds the promise kept and gets the same answer. A crash at any step leaves either all three or none.

A promise that has expired is renewed by `create`; the object, where it has arrived already, need not be sent again.

The store keeps the SHA-256 that it was sent if it can (`ChecksumSHA256`). One that cannot makes us read the object: a
thread hashes it piece by piece at the store's speed, and memory stays at one piece.

Not here: progress of the job (`graph.uploads.progress`), the worker (`ingest`), GraphQL (`graph.uploads.mutations`).
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from asyncpg import Record
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries

from config.errors import ObjectMissing
from config.objects import ObjectStore, PresignedPut
from config.postgres import Connection, Pool
from graph.errors import Forbidden, ProblemCode, Refused, refused
from graph.keys import new_key
from graph.uploads.promise import SHA256_HEX, Promise, normalised, problems
from graph.uploads.tables import UploadTable
from graph.viewer import Viewer
from ingest.contract import ENTRYPOINT, Job, encode_job

OWNER_OF_TRACK = "SELECT a.owner_id FROM tracks t JOIN artists a ON a.id = t.artist_id WHERE t.id = $1"

# The newest promise of the same content that has not been kept yet, given a new term.
RENEW = """
    UPDATE uploads SET expires_at = $5, file_name = $6, content_type = $7
    WHERE id = (
        SELECT id FROM uploads
        WHERE user_id = $1 AND track_id = $2 AND sha256 = $3 AND size_bytes = $4 AND completed_at IS NULL
        ORDER BY id DESC LIMIT 1
        FOR UPDATE
    )
    RETURNING id
"""

LOAD = """
    SELECT u.id, u.user_id, u.track_id, u.object_key, u.file_name, u.size_bytes, u.sha256, u.expires_at, u.completed_at
    FROM uploads u WHERE u.id = $1
"""

KEEP = "UPDATE uploads SET completed_at = now() WHERE id = $1 AND completed_at IS NULL RETURNING id"

# The track's row is locked so that two masters of one track, completed together, get revisions one after the other.
LOCK_TRACK = "SELECT asset_id, title FROM tracks WHERE id = $1 FOR NO KEY UPDATE"

ADD_REVISION = """
    INSERT INTO assets (asset_id, revision, upload_id, status, stage)
    SELECT $1, coalesce(max(revision), 0) + 1, $2, 'queued', 'queued' FROM assets WHERE asset_id = $1
    RETURNING revision
"""

TRACK_BY_CONTENT = """
    SELECT u.track_id FROM uploads u JOIN assets a ON a.upload_id = u.id
    WHERE u.user_id = $1 AND u.sha256 = $2 AND a.status <> 'failed'
    ORDER BY u.id DESC LIMIT 1
"""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How large a master may be, and how long a promise holds."""

    max_bytes: int
    lifetime_s: int


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that was taken, and the request that keeps it."""

    upload_id: UUID
    put: PresignedPut
    expires_at: datetime


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A promise that is kept; `job` is there for the one call that enqueued it."""

    track_id: UUID
    job: Job | None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `uploads`, as `complete` needs it."""

    id: UUID
    user_id: UUID
    track_id: UUID
    object_key: str
    file_name: str
    size_bytes: int
    sha256: bytes
    expires_at: datetime
    completed_at: datetime | None

    @classmethod
    def from_row(cls, row: Record) -> Stored:
        return cls(**dict(row))


async def create(
    pool: Pool, store: ObjectStore, *, viewer: Viewer, track_id: UUID | None, promise: Promise, limits: Limits
) -> Announced:
    """Take a promise for a track that the viewer manages. Raises Forbidden, Refused, ServiceUnavailable.

    A `track_id` of None is an id that names no track: a listener is told that it may not upload all the same.
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
    expires_at = datetime.now(UTC) + timedelta(seconds=limits.lifetime_s)
    upload_id = await _renew_or_add(pool, viewer.user_id, track_id=track_id, promise=promise, expires_at=expires_at)
    put = await store.presign_put(
        object_key(upload_id),
        content_type=promise.content_type,
        sha256=promise.digest,
        lifetime_s=limits.lifetime_s,
    )
    return Announced(upload_id=upload_id, put=put, expires_at=expires_at)


async def _renew_or_add(pool: Pool, user_id: UUID, *, track_id: UUID, promise: Promise, expires_at: datetime) -> UUID:
    renewed: UUID | None = await pool.fetchval(
        RENEW,
        user_id,
        track_id,
        promise.digest,
        promise.size_bytes,
        expires_at,
        promise.file_name,
        promise.content_type,
    )
    if renewed is not None:
        return renewed
    upload_id = new_key()
    await UploadTable.insert(
        UploadTable(
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
    )
    return upload_id


async def complete(pool: Pool, store: ObjectStore, *, viewer: Viewer, upload_id: UUID) -> Kept:
    """Check that a promise is kept and start the ingest, once. Raises Refused, ServiceUnavailable."""
    row = await pool.fetchrow(LOAD, upload_id)
    upload = Stored.from_row(row) if row is not None else None
    if upload is None or not viewer.may_manage(upload.user_id):
        raise refused(ProblemCode.NOT_FOUND, "uploadId")
    if upload.completed_at is not None:
        return Kept(track_id=upload.track_id, job=None)
    if upload.expires_at <= datetime.now(UTC):
        raise refused(ProblemCode.UPLOAD_EXPIRED, "uploadId")
    await _check_object(store, upload)
    async with pool.acquire() as connection, connection.transaction():
        return Kept(track_id=upload.track_id, job=await _keep(connection, upload))


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
        raise refused(ProblemCode.UPLOAD_CHECKSUM_MISMATCH, "uploadId")


async def _sha256(store: ObjectStore, key: str) -> bytes:
    digest = hashlib.sha256()
    async for piece in store.stream(key):
        await asyncio.to_thread(digest.update, piece)  # releases the interpreter, so the loop goes on meanwhile
    return digest.digest()


async def _keep(connection: Connection, upload: Stored) -> Job | None:
    """The three writes that stand or fall together; None when somebody else was faster."""
    if await connection.fetchval(KEEP, upload.id) is None:
        return None
    track = await connection.fetchrow(LOCK_TRACK, upload.track_id)
    if track is None:  # deleted since, and the promise with it
        raise refused(ProblemCode.NOT_FOUND, "uploadId")
    job = Job(
        asset_id=track["asset_id"],
        revision=await connection.fetchval(ADD_REVISION, track["asset_id"], upload.id),
        upload_key=upload.object_key,
        file_name=upload.file_name,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256.hex(),
        title=track["title"],
    )
    await _enqueue(connection, job)
    return job


async def _enqueue(connection: Connection, job: Job) -> None:
    # PgQueuer's driver only calls `fetch`, which runs inside the transaction that is open on this connection.
    queries = Queries(AsyncpgDriver(connection))  # type: ignore[arg-type]  # a pool's connection is a proxy of one
    await queries.enqueue(ENTRYPOINT, encode_job(job), dedupe_key=f"{job.asset_id}/{job.revision}")


async def track_with_content(pool: Pool, user_id: UUID, *, sha256: str) -> UUID | None:
    """The track to which this user has uploaded this very content, unless its ingest failed."""
    sha256 = sha256.strip().lower()
    if not SHA256_HEX.fullmatch(sha256):
        return None
    track_id: UUID | None = await pool.fetchval(TRACK_BY_CONTENT, user_id, bytes.fromhex(sha256))
    return track_id


def object_key(upload_id: UUID) -> str:
    return f"uploads/{upload_id}"
