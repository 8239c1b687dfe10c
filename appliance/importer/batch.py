"""A batch of files: several on their way at once, their outcomes told in the order in which the files were given.

Rules:

- One file's failure is that file's outcome, never the end of the import.
- Once a file has given up on a service, the others try it once only.
- Two files of the same content, at the same time, are one upload: the second waits for the first and finds it.
- The files of an album are described together, when the first of them has its turn: whose it is, all of them say.

Not here: the way of one file (`passage`), two files of the same audio (`recognition`).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from appliance.client import GraphClient
from appliance.importer.albums import Description
from appliance.importer.catalogue import Catalogue
from appliance.importer.files import Source, content, describe_together
from appliance.importer.outcome import Outcome, unreadable
from appliance.importer.passage import Passage, Watcher
from appliance.importer.recognition import Recognition

IN_FLIGHT: Final = 6
"""Enough to keep an ingest worker busy while others upload; more only queue there."""
ATTEMPTS: Final = 4


class Batch:
    """One import by one account."""

    def __init__(self, client: GraphClient, catalogue: Catalogue, recognition: Recognition, watcher: Watcher) -> None:
        self._client = client
        self._catalogue = catalogue
        self._recognition = recognition
        self._watcher = watcher
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._attempts = ATTEMPTS
        self._albums: defaultdict[Path, _Album] = defaultdict(_Album)
        self._same_content: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def run(self, sources: Sequence[Source], *, finished: Callable[[Outcome], None]) -> list[Outcome]:
        """The outcomes in the order of the files; `finished` hears of each as soon as those before it are told.

        What `finished` raises ends the import and is raised as it is: a task group would wrap a closed pipe in a group
        that nobody knows.
        """
        for source in sources:
            self._albums[source.album_folder].sources.append(source)
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
                description = await self._albums[source.album_folder].description_of(source)
                held = await asyncio.to_thread(content, source.file)
            except OSError as error:
                return unreadable(source.file, error)
            async with self._same_content[held.sha256]:
                passage = Passage(self._client, self._catalogue, self._recognition, self._watcher, source.file)
                outcome, gave_up = await passage.take(description, held, attempts=self._attempts)
                self._attempts = 1 if gave_up else self._attempts
                return outcome


class _Album:
    """The files of one folder, described when the first of them is asked for."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self._lock = asyncio.Lock()
        self._descriptions: dict[Path, Description | OSError] | None = None

    async def description_of(self, source: Source) -> Description:
        """Raises OSError."""
        async with self._lock:
            if self._descriptions is None:
                self._descriptions = await asyncio.to_thread(describe_together, self.sources)
        found = self._descriptions[source.file]
        if isinstance(found, OSError):
            raise found
        return found
