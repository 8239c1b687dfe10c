"""Idempotency keys: a write that is sent again under its key is done once, and is answered as it was the first time.

Rules. A key is the caller's own, one for each thing that is to be made, and is kept with its answer in the transaction
of the write: both are there, or neither is. So whoever lost an answer, because the network or a process went, may send
the same again until one arrives. A refusal is not kept, for nothing was written: what was mended may be sent under the
same key. The same key with another input is refused. Two that arrive at once wait for each other at the key's row, the
first lock that a write takes. A key is forgotten after a day.

What says by itself what is to be the case (likes, follows, uploads, share links, deliveries) needs no key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from config.postgres import Connection
from graph.errors import ProblemCode, refused

KEPT_FOR = timedelta(days=1)
"""Longer than any client tries again by itself, and than a phone is without a network on most days."""
AT_ONCE = 1_000
"""Keys that one statement forgets: some milliseconds."""

T = TypeVar("T")

# The update changes nothing, but makes the statement wait for whoever holds the key, and answer what stands there then.
CLAIM = """
INSERT INTO idempotency_keys (user_id, key, fingerprint) VALUES ($1, $2, $3)
ON CONFLICT (user_id, key) DO UPDATE SET key = excluded.key RETURNING fingerprint, answer
"""
KEEP = "UPDATE idempotency_keys SET answer = $3 WHERE user_id = $1 AND key = $2"
FORGET = """
DELETE FROM idempotency_keys WHERE (user_id, key) IN (
    SELECT user_id, key FROM idempotency_keys WHERE created_at <= $1 ORDER BY created_at LIMIT $2
)
"""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A write that may have been done before: whose it is, under which key, and what exactly is asked for."""

    user_id: UUID
    key: UUID
    fingerprint: bytes


def fingerprint_of(asked: object) -> bytes:
    """The SHA-256 of a record, its class among it; values that are not set count as null."""
    written = msgspec.json.encode((type(asked).__name__, asked), enc_hook=lambda _unset: None)
    return hashlib.sha256(written).digest()


async def once(
    connection: Connection, attempt: Attempt | None, answers: type[T], write: Callable[[], Awaitable[T]]
) -> T:
    """Write within the caller's transaction, or answer what the same attempt answered before. Raises Refused.

    `answers` is the type of the answer. Without an attempt there is nothing to remember.
    """
    if attempt is None:
        return await write()
    (known,) = await connection.fetch(CLAIM, attempt.user_id, attempt.key, attempt.fingerprint)
    if known["fingerprint"] != attempt.fingerprint:
        raise refused(ProblemCode.IDEMPOTENCY_KEY_REUSED, "idempotencyKey")
    if known["answer"] is not None:
        return msgspec.json.decode(known["answer"], type=answers)
    answer = await write()
    await connection.execute(KEEP, attempt.user_id, attempt.key, msgspec.json.encode(answer).decode())
    return answer


async def forget_keys(connection: Connection, now: datetime) -> bool:
    """Forget the keys that are a day old; whether those were all."""
    forgotten = await connection.execute(FORGET, now - KEPT_FOR, AT_ONCE)
    return int(forgotten.rpartition(" ")[2]) < AT_ONCE
