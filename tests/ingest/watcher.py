"""What a listener on Valkey is told of a job."""

import asyncio
from typing import Self

from valkey.asyncio import Valkey

from ingest.contract import Job, Progress, decode_progress, progress_channel


class Watcher:
    """Collects the progress events of a job while the body of `async with` runs."""

    def __init__(self, environment: dict[str, str], job: Job) -> None:
        self._client = Valkey.from_url(environment["SEGUE_VALKEY_URL"], socket_timeout=None)  # silence is no error
        self._subscription = self._client.pubsub()
        self._job = job
        self.events: list[Progress] = []

    async def __aenter__(self) -> Self:
        await self._subscription.subscribe(progress_channel(self._job.asset_id))
        self._task = asyncio.create_task(self._collect())
        return self

    async def _collect(self) -> None:
        async for message in self._subscription.listen():
            if message["type"] == "message":
                self.events.append(decode_progress(message["data"]))

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0.2)
        if self._task.done():
            self._task.result()  # raises what ended it
        self._task.cancel()
        await self._subscription.aclose()
        await self._client.aclose()
