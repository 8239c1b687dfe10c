"""How the bytes of a promised file come into the store: by one PUT, or in parts that a client may resume.

Every upload can be kept by one PUT. A large one, or one of which the client asks it, has a multipart upload too; whose
id stands in the promise's row, so whoever asks again goes on with the same. The store may have forgotten it, or may
have put the parts together just before somebody crashed: then the object is there, or everything starts over.

Not here: whether the object is what was promised (`graph.uploads.service`).
"""

from __future__ import annotations

import msgspec

from config.errors import ObjectMissing
from config.objects import ObjectStore, PresignedPut
from config.postgres import Pool
from graph.errors import ProblemCode, refused
from graph.uploads.parts import Cut, arrived, cuts, part_bytes_for
from graph.uploads.records import Multipart, Stored

NAMED_MISSING = 10  # parts that a message names before it only counts

# Of two that begin at once, or find the old one gone at once, the first is followed by the other.
ADOPT = """
    UPDATE uploads SET multipart_id = $3, part_bytes = $4
    WHERE id = $1 AND multipart_id IS NOT DISTINCT FROM $2 AND completed_at IS NULL
    RETURNING id
"""
ADOPTED = "SELECT multipart_id, part_bytes FROM uploads WHERE id = $1 AND multipart_id IS NOT NULL"


class SignedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part, the request that stores it, and whether that has been done."""

    cut: Cut
    put: PresignedPut
    arrived: bool


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What may be sent where; `parts` is None for a file that goes in one piece."""

    put: PresignedPut
    parts: tuple[SignedPart, ...] | None
    arrived_bytes: int


async def prepare(
    pool: Pool, store: ObjectStore, upload: Stored, *, part_bytes: int | None, renewed: bool, lifetime_s: int
) -> Transfer:
    """Sign the requests of an upload; `part_bytes` of None means in one piece, unless it was begun in parts."""
    put = await store.presign_put(
        upload.object_key,
        content_type=upload.content_type,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
        lifetime_s=lifetime_s,
    )
    whole = renewed and await _is_whole(store, upload)
    held = await _held(store, upload, whole=whole)
    multipart = upload.multipart
    if held is None and part_bytes is not None and not whole:
        multipart, held = await _begin(pool, store, upload, part_bytes), set()
    if multipart is None or held is None:
        return Transfer(put=put, parts=None, arrived_bytes=upload.size_bytes if whole else 0)
    parts = await _signed_parts(store, upload, multipart, held=held, lifetime_s=lifetime_s)
    sent = sum(part.cut.size_bytes for part in parts if part.arrived)
    return Transfer(put=put, parts=parts, arrived_bytes=upload.size_bytes if whole else sent)


async def assemble(store: ObjectStore, upload: Stored) -> None:
    """Put the parts together, where there are any. Raises Refused while some are missing and no object is there."""
    multipart = upload.multipart
    if multipart is None:
        return
    wanted = cuts(upload.size_bytes, multipart.part_bytes)
    try:
        held = arrived(wanted, await store.multipart.parts(upload.object_key, multipart.id))
        missing = [cut.number for cut in wanted if cut.number not in held]
        if not missing:
            await store.multipart.complete(upload.object_key, multipart.id, [held[cut.number] for cut in wanted])
        elif await _is_whole(store, upload):  # it came in one piece after all
            await store.multipart.abort(upload.object_key, multipart.id)
        elif held:
            raise refused(ProblemCode.UPLOAD_INCOMPLETE, "uploadId", _told(missing, len(wanted)))
    except ObjectMissing:  # put together by another call, or lost: the object will tell
        return


async def discard(store: ObjectStore, upload: Stored) -> None:
    """Remove what has arrived of an upload."""
    if upload.multipart is not None:
        await store.multipart.abort(upload.object_key, upload.multipart.id)
    await store.delete(upload.object_key)


async def _held(store: ObjectStore, upload: Stored, *, whole: bool) -> set[int] | None:
    """The numbers of the parts that have arrived; None without a multipart upload, or when the store lost it."""
    if upload.multipart is None:
        return None
    wanted = cuts(upload.size_bytes, upload.multipart.part_bytes)
    if whole:
        return {cut.number for cut in wanted}
    try:
        return set(arrived(wanted, await store.multipart.parts(upload.object_key, upload.multipart.id)))
    except ObjectMissing:
        return None


async def _begin(pool: Pool, store: ObjectStore, upload: Stored, part_bytes: int) -> Multipart:
    begun = await store.multipart.begin(upload.object_key, content_type=upload.content_type)
    size = part_bytes_for(upload.size_bytes, part_bytes)
    if await pool.fetchval(ADOPT, upload.id, upload.multipart_id, begun, size) is not None:
        return Multipart(id=begun, part_bytes=size)
    await store.multipart.abort(upload.object_key, begun)
    row = await pool.fetchrow(ADOPTED, upload.id)
    if row is None:  # aborted, or completed in one piece, a moment ago
        raise refused(ProblemCode.NOT_FOUND, "trackId")
    return Multipart(id=row["multipart_id"], part_bytes=row["part_bytes"])


async def _signed_parts(
    store: ObjectStore, upload: Stored, multipart: Multipart, *, held: set[int], lifetime_s: int
) -> tuple[SignedPart, ...]:
    signed = []
    for cut in cuts(upload.size_bytes, multipart.part_bytes):
        put = await store.multipart.presign(
            upload.object_key, multipart.id, cut.number, size_bytes=cut.size_bytes, lifetime_s=lifetime_s
        )
        signed.append(SignedPart(cut=cut, put=put, arrived=cut.number in held))
    return tuple(signed)


async def _is_whole(store: ObjectStore, upload: Stored) -> bool:
    """Whether an object of the promised size is there; its content is looked at when the promise is completed."""
    try:
        return (await store.head(upload.object_key)).size_bytes == upload.size_bytes
    except ObjectMissing:
        return False


def _told(missing: list[int], count: int) -> str:
    named = ", ".join(map(str, missing[:NAMED_MISSING]))
    more = f" and {len(missing) - NAMED_MISSING} more" if len(missing) > NAMED_MISSING else ""
    return f"{count - len(missing)} of {count} parts have arrived. Send the others: {named}{more}."
