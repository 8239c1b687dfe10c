"""Batch function of proposals. Whoever asks has made sure that the viewer manages the track."""

from __future__ import annotations

from uuid import UUID

import msgspec

from graph.context import Context
from ingest.contract import Tags

# Of the newest revision that is ready: what a master on its way says is not known yet.
PROPOSALS = """
SELECT DISTINCT ON (asset_id) asset_id, proposed_tags, proposed_image_id FROM assets
WHERE asset_id = ANY($1::uuid[]) AND status = 'ready' ORDER BY asset_id, revision DESC
"""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What the newest master of an asset proposes."""

    tags: Tags | None
    image_id: UUID | None


async def proposals(context: Context, keys: list[UUID]) -> list[Proposal | None]:
    """One proposal for each asset that has one."""
    rows = await context.services.pool.fetch(PROPOSALS, keys)
    found = {
        row["asset_id"]: Proposal(
            tags=None if row["proposed_tags"] is None else msgspec.json.decode(row["proposed_tags"], type=Tags),
            image_id=row["proposed_image_id"],
        )
        for row in rows
    }
    return [found.get(key) for key in keys]
