"""The `follows` table, as Piccolo sees it. Its key has two columns; Piccolo is told of one and never selects by it."""

from __future__ import annotations

from piccolo.columns import ForeignKey, Timestamptz
from piccolo.table import Table

from graph.accounts.tables import UserTable


class FollowTable(Table, tablename="follows"):
    """One listener who follows another."""

    follower_id = ForeignKey(UserTable, primary_key=True, null=False)
    followed_id = ForeignKey(UserTable, null=False)
    created_at = Timestamptz()


TABLES = (FollowTable,)
