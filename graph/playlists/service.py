"""Rules of playlists: who makes, changes and deletes one, and the lock under which everything about one is written.

Rules. A playlist is its owner's to write, and an admin's. A private one is its owner's to know of. Every write takes
the row's lock, compares the revision that the caller has seen, where the caller names one, and counts it up; a stale
one changes nothing, and what changes nothing is not counted. What was changed is recorded for the owner's other devices
in the same transaction.

Order of locks: the idempotency key, an image, tracks, then the playlist, then the feed of changes.

Not here: entries (`graph.playlists.entries`), tracks that go (`graph.playlists.upkeep`).
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET

from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.changes.ledger import record_changes
from graph.changes.records import Change, ChangeKind
from graph.check import Check
from graph.errors import Forbidden, ProblemCode, refused
from graph.idempotency import Attempt, once
from graph.keys import new_key
from graph.names import clean
from graph.playlists.records import MAX_DESCRIPTION, Edit, Held, StaleRevision
from graph.search.text import fold
from graph.viewer import Viewer

FIRST_REVISION = 1
"""As the table has it."""

INSERT = """
INSERT INTO playlists (id, owner_id, name, folded_name, description, public) VALUES ($1, $2, $3, $4, $5, $6)
"""
LOCK = "SELECT id, owner_id, revision, public FROM playlists WHERE id = $1 FOR NO KEY UPDATE"
WRITE = """
UPDATE playlists SET name = coalesce($2, name), folded_name = coalesce($3, folded_name),
    description = coalesce($4, description), public = coalesce($5, public)
WHERE id = $1 AND (name, description, public) IS DISTINCT FROM
    (coalesce($2, name), coalesce($4, description), coalesce($5, public))
RETURNING id
"""
TOUCH = "UPDATE playlists SET revision = revision + 1, updated_at = now() WHERE id = $1"
DELETE = "DELETE FROM playlists WHERE id = $1"
# The tombstone of a playlist speaks for its entries.
FORGET_ENTRIES = """
DELETE FROM changes USING playlist_entries AS entry
WHERE changes.user_id = $1 AND changes.kind = $2 AND changes.key = entry.id AND entry.playlist_id = $3
"""


@begun_again
async def create_playlist(
    pool: Pool, viewer: Viewer, *, name: str, description: str, public: bool, attempt: Attempt | None = None
) -> UUID:
    """Make an empty playlist of the viewer's. Raises Forbidden for a deleted account, Refused."""
    key, check = new_key(), Check()
    kept = check(lambda: clean(name, field="name"), otherwise="")
    described = check(lambda: _described(description), otherwise="")
    check.require()

    async def write() -> UUID:
        try:
            await connection.execute(INSERT, key, viewer.user_id, kept, fold(kept), described, public)
        except asyncpg.ForeignKeyViolationError as error:
            raise Forbidden("This account has been deleted.") from error
        await record_changes(connection, [_change(viewer.user_id, key, deleted=False)])
        return key

    async with pool.acquire() as connection, connection.transaction():
        return await once(connection, attempt, UUID, write)


@begun_again
async def update_playlist(pool: Pool, viewer: Viewer, *, playlist_id: UUID, revision: int, edit: Edit) -> int:
    """Rename, describe, publish or hide; answers the new revision. Raises Forbidden, Refused."""
    check = Check()
    name = check(lambda: None if edit.name is UNSET else clean(edit.name, field="name"), otherwise=None)
    description = check(lambda: None if edit.description is UNSET else _described(edit.description), otherwise=None)
    check.require()
    public = None if edit.public is UNSET else edit.public
    async with pool.acquire() as connection, connection.transaction():
        held = await locked(connection, viewer, playlist_id=playlist_id, revision=revision)
        folded = None if name is None else fold(name)
        changed = await connection.fetchval(WRITE, held.id, name, folded, description, public)
        return await written(connection, held) if changed else held.revision


@begun_again
async def delete_playlist(pool: Pool, viewer: Viewer, *, playlist_id: UUID, revision: int | None) -> None:
    """Delete a playlist with its entries. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        held = await locked(connection, viewer, playlist_id=playlist_id, revision=revision)
        await connection.execute(FORGET_ENTRIES, held.owner_id, ChangeKind.PLAYLIST_ENTRY.value, held.id)
        await connection.execute(DELETE, held.id)
        await record_changes(connection, [_change(held.owner_id, held.id, deleted=True)])


async def locked(connection: Connection, viewer: Viewer, *, playlist_id: UUID, revision: int | None) -> Held:
    """Lock a playlist for the viewer to write; `revision` is what the viewer has seen. Raises Forbidden, Refused."""
    row = await connection.fetchrow(LOCK, playlist_id)
    if row is None or not (row["public"] or viewer.may_manage(row["owner_id"])):
        raise refused(ProblemCode.NOT_FOUND, "playlistId")
    if not viewer.may_manage(row["owner_id"]):
        raise Forbidden("This playlist belongs to another account.")
    if revision not in (None, row["revision"]):
        raise StaleRevision(row["revision"])
    return Held(id=row["id"], owner_id=row["owner_id"], revision=row["revision"])


async def written(connection: Connection, held: Held, *, came: Iterable[UUID] = (), went: Iterable[UUID] = ()) -> int:
    """Count a write of a locked playlist, record it with the entries that came or went, answer the new revision."""
    await connection.execute(TOUCH, held.id)
    entry = Change(user_id=held.owner_id, kind=ChangeKind.PLAYLIST_ENTRY, key=held.id, deleted=False)
    await record_changes(
        connection,
        [
            _change(held.owner_id, held.id, deleted=False),
            *(msgspec.structs.replace(entry, key=key) for key in came),
            *(msgspec.structs.replace(entry, key=key, deleted=True) for key in went),
        ],
    )
    return held.revision + 1


async def touch(connection: Connection, playlist_id: UUID) -> None:
    """Count a write that somebody else has made to a playlist's row, and record it."""
    row = await connection.fetchrow(LOCK, playlist_id)
    if row is not None:
        await written(connection, Held(id=playlist_id, owner_id=row["owner_id"], revision=row["revision"]))


def _change(owner_id: UUID, playlist_id: UUID, *, deleted: bool) -> Change:
    return Change(user_id=owner_id, kind=ChangeKind.PLAYLIST, key=playlist_id, deleted=deleted)


def _described(text: str) -> str:
    """A description may be empty, unlike a name."""
    return clean(text, field="description", max_length=MAX_DESCRIPTION) if text.strip() else ""
