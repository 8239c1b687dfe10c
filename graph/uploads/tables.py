"""The `uploads` table. `assets`, whose key has two columns, is beyond Piccolo: plain SQL reads and writes it."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, Bytea, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from graph.accounts.tables import UserTable
from graph.catalog.tables import TrackTable


class UploadTable(Table, tablename="uploads"):
    """A promise of a file: written by createUpload, kept by completeUpload."""

    id = UUID(primary_key=True, default=None)
    user_id = ForeignKey(UserTable, null=False)
    track_id = ForeignKey(TrackTable, null=False)
    object_key = Text(unique=True)
    file_name = Text()
    content_type = Text()
    size_bytes = BigInt()
    sha256 = Bytea()
    created_at = Timestamptz()
    expires_at = Timestamptz()
    completed_at = Timestamptz(null=True, default=None)
    multipart_id = Text(null=True, default=None)
    part_bytes = BigInt(null=True, default=None)


TABLES = (UploadTable,)
