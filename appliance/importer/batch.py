"""A batch of files: several on their way at once, their outcomes told in the order in which the files were given.

Rules:

- One file's failure is that file's outcome, never the end of the import.
- Once a file has given up on a service, the others try it once only.
- Two files of the same content, at the same time, are one upload: the second waits for the first and finds it.

Not here: the way of one file (`passage`).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from appliance.client import GraphClient
from appliance.importer.catalogue import Catalogue
from appliance.importer.files import Source, content, describe
from appliance.importer.outcome import Outcome, unreadable
from appliance.importer.passage import Passage, Watcher

IN_FLIGHT: Final = 6
"""Enough to keep an ingest worker busy while others upload; more only queue there."""
ATTEMPTS: Final = 4


class Batch:
    """One import by one account."""

    def __init__(self, client: GraphClient, catalogue: Catalogue, watcher: Watcher) -> None:
        self._client = client
        self._catalogue = catalogue
        self._watcher = watcher
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._attempts = ATTEMPTS
        self._same_content: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(self, sources: Sequence[Source], *, finished: Callable[[Outcome], None]) -> list[Outcome]:
        """The outcomes in the order of the files; `finished` hears of each as soon as those before it are told.

        What `finished` raises ends the import and is raised as it is: a task group would wrap a closed pipe in a group
        that nobody knows.
        """
        tasks = [asyncio.create_task(self._outcome(source)) for source in sources]
        outcomes = []
        try:
            for task in tasks:
                outcomes.append(await task)
                finished(outcomes[-1])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return outcomes

    async def _outcome(self, source: Source) -> Outcome:
        async with self._slots:
            try:
                self._watcher.advance(source.file, "reading", 0.0)
                description = await asyncio.to_thread(describe, source)
                held = await asyncio.to_thread(content, source.file)
            except OSError as error:
                return unreadable(source.file, error)
            async with self._same_content[held.sha256]:
                passage = Passage(self._client, self._catalogue, self._watcher, source.file)
                outcome, gave_up = await passage.take(description, held, attempts=self._attempts)
                self._attempts = 1 if gave_up else self._attempts
                return outcome
