"""Batch functions of images: many keys in, one statement, one value for each key out."""

from __future__ import annotations

from uuid import UUID

from graph.context import Context
from graph.images.records import COLUMNS, Image, image_of

# $1 ids, $2 the viewer's id or null, $3 whether the viewer is an admin. A picture is its owner's until it is ready.
IMAGES = f"""
SELECT {COLUMNS} FROM images
WHERE id = ANY($1::uuid[]) AND (status = 'ready' OR owner_id = $2::uuid OR $3::boolean)
"""  # noqa: S608 -- names of columns


async def images(context: Context, keys: list[UUID]) -> list[Image | None]:
    viewer = context.viewer
    seen_by = (None, False) if viewer is None else (viewer.user_id, viewer.is_admin)
    rows = await context.services.pool.fetch(IMAGES, keys, *seen_by)
    by_id = {row["id"]: image_of(row) for row in rows}
    return [by_id.get(key) for key in keys]
