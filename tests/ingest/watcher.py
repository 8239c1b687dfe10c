"""What a listener on Valkey is told of a job."""

import asyncio
from typing import Self

from valkey.asyncio import Valkey

from ingest.contract import Job, Progress, decode_progress, progress_channel

PATIENCE_S = 60.0
THE_END = b"nothing more is listened to"


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
            if message["data"] == THE_END:
                return
            if message["type"] == "message":
                self.events.append(decode_progress(message["data"]))

    async def _hear_out(self) -> None:
        """Wait for the final event, which comes a little later than the final row, and for all that was said so far."""
        async with asyncio.timeout(PATIENCE_S):
            while not (self._task.done() or any(event.status.final for event in self.events)):
                await asyncio.sleep(0.02)
            await self._client.publish(progress_channel(self._job.asset_id), THE_END)
            await self._task

    async def __aexit__(self, failure: type[BaseException] | None, *_: object) -> None:
        try:
            if failure is None:
                await self._hear_out()
        finally:
            self._task.cancel()
            await self._subscription.aclose()
            await self._client.aclose()
