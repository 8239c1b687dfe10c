"""What an account knows of its uploads; merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph.catalog.types import Track
from graph.context import Info
from graph.uploads import service

Sha256 = Annotated[str, strawberry.argument(description="The SHA-256 of the whole file as 64 hexadecimal digits.")]
PcmSha256 = Annotated[
    str,
    strawberry.argument(
        description=(
            "The SHA-256 of the decoded audio as 64 hexadecimal digits: of the interleaved little-endian samples, 16,"
            " 24 or 32 bits wide as the master has them."
        )
    ),
]


@strawberry.type
class ViewerUploads:
    """Fields that only the user sees."""

    @strawberry.field(
        description=(
            "The track to which you have uploaded this very file, unless its ingest failed; null when there is none,"
            " and for everybody but the user."
        )
    )
    async def upload(self: Any, info: Info, sha256: Sha256) -> Track | None:
        viewer = info.context.viewer
        if viewer is None or viewer.user_id != self.key:
            return None
        track_id = await service.track_with_content(info.context.services.pool, viewer.user_id, sha256=sha256)
        return None if track_id is None else await info.context.reader.one(info, Track, track_id)

    @strawberry.field(
        description=(
            "The track of one of your artists that has this very audio, in whatever file it came; null when none is"
            " ready, and for everybody but the user."
        )
    )
    async def track_by_fingerprint(self: Any, info: Info, pcm_sha256: PcmSha256) -> Track | None:
        viewer = info.context.viewer
        if viewer is None or viewer.user_id != self.key:
            return None
        pool = info.context.services.pool
        track_id = await service.track_with_fingerprint(pool, viewer.user_id, pcm_sha256=pcm_sha256)
        return None if track_id is None else await info.context.reader.one(info, Track, track_id)
