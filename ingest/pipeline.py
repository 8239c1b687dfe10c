"""The pipeline: from an upload to a published asset, stage by stage, each a function of what the one before gave.

    fetch -> sniff, decode; tags -> measure, derive -> render every rung; analyse -> publish

The stages are in `Run.perform`, in their order. A later stage is one more method and one more share in
`ingest.jobs.progress.SHARES`; a later rendition is an entry in `config/ladder.toml`. CPU work is done by child
processes (`ingest.isolation.children`): what a stranger sent is read in children of their own with tight limits, the
rest in the pool that all jobs of the worker share.

Not here: who may run a job and what becomes of errors (`ingest.jobs.handler`, `ingest.jobs.retry`).
"""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

from config.logs import logger
from config.objects import ObjectStore
from ingest import publish
from ingest.assembly import assemble
from ingest.containers.header import Header
from ingest.containers.sniff import sniff
from ingest.contract import Job, Stage
from ingest.errors import ChildDied, MediaError
from ingest.features.record import Features
from ingest.images.proposal import Offer
from ingest.isolation.children import Pool
from ingest.isolation.messages import Limits
from ingest.jobs.progress import Reporter
from ingest.pcm import PcmInfo
from ingest.product import Product
from ingest.progressive.labels import Labels
from ingest.renditions.finished import Finished
from ingest.renditions.production import Shelf, Sources, derive, render_all
from ingest.renditions.recipe import Recipe
from ingest.tasks import Analyse, Decode, Decoded, Derived, Describe, Described, Measure, Measured, Picture, Source
from origin.asset import Asset

LOG = logger("ingest.pipeline")
GIB = 1024**3
MAX_PCM_BYTES = 16 * GIB
"""Four hours of stereo floats at 48 kHz take 5.5 GB; this leaves room for high rates, and bounds the scratch folder."""
DECODER_MEMORY_BYTES = 2 * GIB
CHILD_LIMITS = Limits(memory_bytes=4 * GIB)
DESCRIBER_LIMITS = Limits(memory_bytes=GIB, cpu_s=30, wall_s=60, file_bytes=64 * 1024**2)
"""Reading tags takes milliseconds, and a picture that is taken has 20 MB at most."""


Offering = Callable[[UUID, Picture, Path], Awaitable[Offer]]
"""Puts a picture where its own job finds it (`ingest.images.proposal.offer`)."""


class Run:
    """One attempt at one job, in a folder of its own."""

    def __init__(
        self,
        job: Job,
        *,
        recipe: Recipe,
        store: ObjectStore,
        pool: Pool,
        folder: Path,
        shelf: Shelf,
        reporter: Reporter,
        offer: Offering,
    ) -> None:
        self._job = job
        self._recipe = recipe
        self._store = store
        self._pool = pool
        self._folder = folder
        self._shelf = shelf
        self._reporter = reporter
        self._offer = offer
        self._master = str(folder / "master.pcm")
        self._blocks = folder / "loudness.blocks"
        self._picture = folder / "picture"

    async def perform(self) -> Product:
        """Do every stage. Raises MediaError, RenditionRejected, IngestFault, Superseded, ServiceUnavailable."""
        upload = await self._fetch()
        header = await asyncio.to_thread(sniff_file, upload)
        decoded, described = await self._read(upload, header)
        measured, derived = await self._measure(decoded.info, header)
        rungs, features = await self._encode(decoded.info, measured, derived)
        asset = assemble(self._job, decoded.info, measured, rungs)
        await self._publish(asset)
        picture = described.picture
        return Product(
            asset=asset,
            warnings=(*decoded.warnings, *measured.warnings, *described.warnings),
            tags=described.tags,
            features=features,
            waveform=measured.waveform,
            image=None if picture is None else await self._offer(asset.asset_id, picture, self._picture),
        )

    async def _fetch(self) -> Path:
        await self._reporter.enter(Stage.FETCH)
        upload = self._folder / "upload"
        await publish.fetch_upload(self._store, self._job, upload, self._reporter.moved)
        return upload

    async def _read(self, upload: Path, header: Header) -> tuple[Decoded, Described]:
        """Decode the upload, and read what it says about itself, at the same time and apart from each other."""
        await self._reporter.enter(Stage.DECODE)
        async with asyncio.TaskGroup() as group:
            decoding = group.create_task(self._decode(upload, header))
            describing = group.create_task(self._describe(upload))
        await asyncio.to_thread(upload.unlink)
        return decoding.result(), describing.result()

    async def _decode(self, upload: Path, header: Header) -> Decoded:
        task = Decode(path=str(upload), header=header, pcm_path=self._master)
        async with self._pool.isolated(decoder_limits(header, self._job.size_bytes), self._folder) as decoder:
            decoded: Decoded = await decoder.run(task, self._reporter.moved)
        return decoded

    async def _describe(self, upload: Path) -> Described:
        task = Describe(path=str(upload), picture_path=str(self._picture))
        try:
            async with self._pool.isolated(DESCRIBER_LIMITS, self._folder) as describer:
                described: Described = await describer.run(task, _ignore)
        except (MediaError, ChildDied) as error:
            # What takes too much, or kills its reader, has no tags: the audio is what was sent in.
            LOG.warning("the tags cannot be read", cause=str(error))
            return Described()
        return described

    async def _measure(self, info: PcmInfo, header: Header) -> tuple[Measured, Derived]:
        """Measure the master, and derive what else renditions are made of, at the same time: both read it once."""
        await self._reporter.enter(Stage.MEASURE)
        task = Measure(
            pcm_path=self._master, info=info, lossless_container=header.lossless, blocks_path=str(self._blocks)
        )
        async with asyncio.TaskGroup() as group:
            measuring = group.create_task(self._pool.run(task, self._reporter.moved))
            deriving = group.create_task(derive(self._recipe.ladder, info, pool=self._pool, folder=self._folder))
        return measuring.result(), deriving.result()

    async def _encode(self, info: PcmInfo, measured: Measured, derived: Derived) -> tuple[list[Finished], Features]:
        """Make every rung, and describe how the master sounds beside it."""
        await self._reporter.enter(Stage.ENCODE)
        analyse = Analyse(pcm_path=self._master, info=info, reading=measured.master)
        async with asyncio.TaskGroup() as group:
            rendering = group.create_task(self._render(info, measured, derived))
            analysing = group.create_task(self._pool.run(analyse, _ignore))
        return rendering.result(), analysing.result()

    async def _render(self, info: PcmInfo, measured: Measured, derived: Derived) -> list[Finished]:
        job = self._job
        sources = Sources(
            master=Source(pcm_path=self._master, info=info, reading=measured.master),
            pcm_sha256=measured.pcm_sha256,
            derived=derived.sources,
            labels=Labels(title=job.title, artist=job.artist, album=job.album, isrc=job.isrc),
        )
        return await render_all(
            self._recipe.ladder,
            sources,
            recipe=self._recipe,
            pool=self._pool,
            folder=self._folder,
            shelf=self._shelf,
            watch=self._reporter.moved,
        )

    async def _publish(self, asset: Asset) -> None:
        await self._reporter.enter(Stage.PUBLISH)
        await publish.publish(self._store, asset, self._blocks, self._reporter.step)


async def _ignore(_fraction: float) -> None:
    """Reading tags and describing the sound have no steps of their own."""


def decoder_limits(header: Header, size_bytes: int) -> Limits:
    """What decoding a file of this promise may take; four times real time is a hundred times what it needs."""
    if header.sample_count is not None:
        cpu_s = 30 + 4 * header.sample_count // header.sample_rate_hz
    else:
        cpu_s = 30 + size_bytes // 16_000  # 16 kB is a second of a lossy file, or less
    # By the clock it may take far longer, for what ends it there refuses the master: a busy machine is not its fault.
    return Limits(memory_bytes=DECODER_MEMORY_BYTES, cpu_s=cpu_s, wall_s=600 + cpu_s, file_bytes=MAX_PCM_BYTES)


def sniff_file(path: Path) -> Header:
    if path.stat().st_size == 0:  # an empty file has no memory map
        return sniff(b"")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return sniff(data)
