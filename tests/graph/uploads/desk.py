"""The service of uploads with its arguments filled in, for the tests of what it promises and takes."""

import hashlib
import io
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from config.objects import ObjectStore
from config.postgres import Pool
from config.settings import UploadSettings
from config.settings.uploads import PART_MIN_BYTES
from graph.errors import ProblemCode, Refused
from graph.uploads import service
from graph.uploads.promise import Promise
from graph.uploads.service import Announced, Kept
from graph.uploads.transfer import SignedPart
from graph.viewer import Viewer
from ingest.contract import ENTRYPOINT, decode_job

MASTER = bytes(range(256)) * 3000
LIMITS = UploadSettings(
    max_bytes=50_000_000,
    lifetime_s=600,
    multipart_from_bytes=20_000_000,
    part_bytes=PART_MIN_BYTES,
    streamed_max=1,
)
LARGE = bytes(range(256)) * 24_000  # 6,144,000 bytes: a part of 5 MiB and a shorter one


def promise_of(content: bytes) -> Promise:
    return Promise(
        file_name="tune.wav",
        content_type="audio/wav",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


class Desk:
    """The service with its arguments filled in."""

    def __init__(self, pool: Pool, store: ObjectStore, http: aiohttp.ClientSession) -> None:
        self.pool = pool
        self.store = store
        self.http = http

    async def create(
        self, viewer: Viewer, track: UUID | None, content: bytes = MASTER, *, in_parts: bool | None = None
    ) -> Announced:
        return await service.create(
            self.pool,
            self.store,
            viewer=viewer,
            track_id=track,
            promise=promise_of(content),
            in_parts=in_parts,
            limits=LIMITS,
        )

    async def send(self, announced: Announced, body: bytes = MASTER) -> int:
        put = announced.transfer.put
        async with self.http.put(put.url, data=body, headers=put.headers) as response:
            return response.status

    async def send_part(self, part: SignedPart, content: bytes) -> int:
        start = part.cut.offset_bytes
        body = content[start : start + part.cut.size_bytes]
        async with self.http.put(part.put.url, data=io.BytesIO(body), headers=part.put.headers) as response:
            return response.status

    async def complete(self, viewer: Viewer, upload: UUID) -> Kept:
        return await service.complete(self.pool, self.store, viewer=viewer, upload_id=upload)

    async def count(self, table: str) -> int:
        number: int = await self.pool.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 -- names of this file
        return number

    async def jobs(self) -> list[Any]:
        rows = await self.pool.fetch("SELECT entrypoint, payload, status FROM pgqueuer ORDER BY id")
        assert {(row["entrypoint"], row["status"]) for row in rows} <= {(ENTRYPOINT, "queued")}
        return [decode_job(row["payload"]) for row in rows]


async def code_of(attempt) -> ProblemCode:
    with pytest.raises(Refused) as refusal:
        await attempt
    (problem,) = refusal.value.problems
    return problem.code
