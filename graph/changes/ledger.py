"""The ledger of changes: every write to a library says here what it changed, in the same transaction.

Rules. A listener's changes are numbered by a counter in a row of the listener's own (`change_feeds`), which stays
locked until the transaction ends: whoever reads number n reads every smaller number that there will ever be. A sequence
of PostgreSQL would not do, for a later number may be committed first, and a reader who had gone past would never see
the earlier one. The ledger holds one row for each key, the last change of it, so a library that is changed for ever
stays as large as what it was changed in. What is older than :data:`KEPT` is forgotten, a little with every 64th change,
and the feed's row says up to which number.

Order of locks: record last, for this lock is the one that everybody shares; the changes of several listeners in one
call, which takes the locks in the order of their keys.

Not here: reading (`graph.changes.service`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from config.postgres import Connection
from graph.changes.records import Change, ChangeKind

KEPT = timedelta(days=90)
"""A client that was away for longer reads the library anew; a season covers a phone left in a drawer."""
FORGET_EVERY = 64
"""Changes of a listener between two looks for old ones."""
FORGET_AT_ONCE = 256
"""More than come between two looks, so that the old ones become fewer."""

# The counter is raised by as many as the listener has changes here; of two changes of one key the later one stands.
RECORD = """
WITH given AS (
    SELECT DISTINCT ON (user_id, kind, key) user_id, kind, key, deleted, ordinality
    FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::boolean[]) WITH ORDINALITY AS t (user_id, kind, key, deleted)
    ORDER BY user_id, kind, key, ordinality DESC
), fed AS (
    INSERT INTO change_feeds AS feed (user_id, last_number)
    SELECT user_id, count(*) FROM given GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET last_number = feed.last_number + excluded.last_number
    RETURNING user_id, last_number
)
INSERT INTO changes AS recorded (user_id, number, kind, key, deleted)
SELECT given.user_id,
    fed.last_number + 1 - row_number() OVER (PARTITION BY given.user_id ORDER BY given.ordinality DESC),
    given.kind, given.key, given.deleted
FROM given JOIN fed USING (user_id)
ON CONFLICT (user_id, kind, key)
    DO UPDATE SET number = excluded.number, deleted = excluded.deleted, changed_at = excluded.changed_at
RETURNING user_id, number
"""

# Only the oldest are looked at, so a look costs the same however much there is; and they are looked at once, whatever
# PostgreSQL believes of how many rows there are.
FORGET = """
WITH oldest AS MATERIALIZED (
    SELECT wanted.user_id, one.number
    FROM unnest($1::uuid[]) AS wanted (user_id) CROSS JOIN LATERAL (
        SELECT number, changed_at FROM changes WHERE user_id = wanted.user_id ORDER BY number LIMIT $3
    ) AS one
    WHERE one.changed_at < now() - $2::interval
), gone AS (
    DELETE FROM changes USING oldest
    WHERE changes.user_id = oldest.user_id AND changes.number = oldest.number
    RETURNING changes.user_id, changes.number
)
UPDATE change_feeds AS feed SET forgotten_number = greatest(feed.forgotten_number, last.number)
FROM (SELECT user_id, max(number) AS number FROM gone GROUP BY user_id) AS last WHERE feed.user_id = last.user_id
"""


async def record_change(connection: Connection, user_id: UUID, kind: ChangeKind, key: UUID, *, deleted: bool) -> None:
    """Say what was changed in a listener's library; `connection` is in the transaction that changes it."""
    await record_changes(connection, [Change(user_id=user_id, kind=kind, key=key, deleted=deleted)])


async def record_changes(connection: Connection, changes: Sequence[Change]) -> None:
    """Say several at once, of one listener or of many, in their order: one statement."""
    if not changes:
        return
    rows = await connection.fetch(
        RECORD,
        [change.user_id for change in changes],
        [change.kind.value for change in changes],
        [change.key for change in changes],
        [change.deleted for change in changes],
    )
    due = {row["user_id"] for row in rows if row["number"] % FORGET_EVERY == 0}
    if due:
        await connection.execute(FORGET, list(due), KEPT, FORGET_AT_ONCE)
