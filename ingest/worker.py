"""The ingest worker: claims jobs from PgQueuer and turns each into a ready or a failed revision.

Theory of operation. PgQueuer hands a job to one worker and takes it away when its heartbeats stop, so a job outlives
any worker. The row in `assets` (`ingest.jobs.ledger`) says what became of it: a job whose row is final or gone is
dropped, and so is an attempt that lost its row to another. The queue itself never sees a failure: `ingest.jobs.retry`
decides, the worker asks the queue for another try, closes the row, or puts the job into quarantine.

A worker takes as many jobs as it has cores, and all of them share its child processes: one job alone has all cores.
Beside them it does the other work that follows from jobs: the loudness of albums, and housekeeping.

SIGTERM and SIGINT drain: no new job is claimed, the running ones end. Whoever has no patience for that may kill the
worker then: what it did not come to the end of counts as no attempt, and its finished rungs are kept. PostgreSQL away:
the worker waits for it.

Not here: what is done with one job (`ingest.jobs.handler`).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import asyncpg
from pgqueuer.domain.errors import FailingListenerError

from config.background import beside
from config.logs import configure_logs, logger
from config.objects import open_store
from config.postgres import open_pool
from config.settings import IngestSettings, ingest_settings
from config.valkey import open_valkey
from ingest.albums import Albums
from ingest.contract import ALBUM_ENTRYPOINT, ENTRYPOINT, IMAGE_ENTRYPOINT
from ingest.images import proposal
from ingest.images.job import ImageHandler
from ingest.images.ledger import ImageLedger
from ingest.isolation import children
from ingest.jobs import queue, scratch
from ingest.jobs.handler import Handler
from ingest.jobs.ledger import Ledger
from ingest.lifecycle.housekeeping import house_kept, housekeeping_rules
from ingest.pipeline import CHILD_LIMITS
from ingest.renditions.recipe import read_recipe

LOG = logger("ingest.worker")
RECONNECT_S = 2.0
LONGEST_POLL_S = 10.0


async def run(settings: IngestSettings) -> None:
    """Work until SIGTERM or SIGINT, then end the running jobs and return. Raises ServiceUnavailable at the start."""
    stopping = _until_signal()
    cores = len(os.sched_getaffinity(0))
    capacity = settings.concurrency or cores
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(scratch.worker_folder(Path(settings.scratch)))
        postgres = await stack.enter_async_context(open_pool(settings.postgres))
        store = await stack.enter_async_context(open_store(settings.s3))
        valkey = await stack.enter_async_context(open_valkey(settings.valkey))
        handler = Handler(
            recipe=read_recipe(settings),
            ledger=Ledger(postgres, removal_delay=timedelta(seconds=settings.removal_delay_s)),
            offer=partial(proposal.offer, postgres, store),
            store=store,
            valkey=valkey,
            pool=await stack.enter_async_context(children.pool(cores, CHILD_LIMITS, folder)),
            folder=folder,
        )
        await stack.enter_async_context(house_kept(postgres, store, valkey, housekeeping_rules(settings)))
        images = ImageHandler(ledger=ImageLedger(postgres), store=store, folder=folder)
        entrypoints = {
            ENTRYPOINT: handler.handle,
            ALBUM_ENTRYPOINT: Albums(postgres, store, target_lufs=settings.target_loudness_lufs).handle,
            IMAGE_ENTRYPOINT: images.handle,
        }
        heartbeat = timedelta(seconds=settings.heartbeat_timeout_s)
        LOG.info("waiting for jobs", concurrency=capacity)
        while not stopping.is_set():
            manager = queue.manager(postgres, capacity=capacity)
            for name, handle in entrypoints.items():
                manager.entrypoint(name, on_failure="hold")(handle)
            async with beside(_stop(stopping, manager, handler), name="stopping"):
                await _work(manager, heartbeat=heartbeat)
        LOG.info("stopped")


def _until_signal() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


async def _work(manager: queue.Manager, *, heartbeat: timedelta) -> None:
    """Run PgQueuer's loop until it is told to stop, or until PostgreSQL goes away for longer than it bears."""
    try:
        # Jobs of dead workers are found by polling, so the poll is no rarer than they can appear.
        poll = min(heartbeat / 2, timedelta(seconds=LONGEST_POLL_S))
        await manager.run(
            batch_size=1, heartbeat_timeout=heartbeat, dequeue_timeout=poll, shutdown_on_listener_failure=True
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, FailingListenerError) as error:
        LOG.warning("PostgreSQL is away", cause=type(error).__name__)
        await asyncio.sleep(RECONNECT_S)


async def _stop(stopping: asyncio.Event, manager: queue.Manager, handler: Handler) -> None:
    """Have the manager claim nothing more from the moment on at which we are told to stop."""
    await stopping.wait()
    LOG.info("stopping: running jobs are brought to their end")
    manager.shutdown.set()
    await handler.stop()


def main(environment: Mapping[str, str]) -> None:
    """Run a worker process until it is told to stop."""
    configure_logs("ingest", json=not os.isatty(2))
    asyncio.run(run(ingest_settings(environment)))
