"""The pipeline: from an upload to a published asset, stage by stage, each a function of what the one before gave.

    fetch -> sniff, decode -> measure -> encode, verify (each rendition, again when its peak is too high) -> publish

The stages are in `Run.perform`, in their order. A later stage (quality control, artwork, tags) is one more method and
one more share in `ingest.progress.SHARES`; a later rendition is a row in `ingest.ladder.LADDER`. CPU work is done by
child processes (`ingest.children`): decoding in one with tight limits, for it reads what a stranger sent; the rest in
as many as the job may use cores.

Not here: who may run a job and what becomes of errors (`ingest.worker`, `ingest.retry`).
"""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from config.logs import logger
from config.objects import ObjectStore
from ingest import publish
from ingest.assembly import Verified, assemble
from ingest.children import Pool, child
from ingest.containers.header import Header
from ingest.contract import Job, Stage
from ingest.ladder import LADDER, Rung
from ingest.loudness import normalisation
from ingest.loudness.meter import Reading
from ingest.pcm import PcmInfo
from ingest.progress import Reporter
from ingest.sniff import sniff
from ingest.tasks import Decode, Limits, Measure, Measured, Render, Rendered, Verify
from origin.asset import Asset, Codec

LOG = logger("ingest.pipeline")
GIB = 1024**3
MAX_PCM_BYTES = 16 * GIB
"""Four hours of stereo floats at 48 kHz take 5.5 GB; this leaves room for high rates, and bounds the scratch folder."""
DECODER_MEMORY_BYTES = 2 * GIB
CHILD_LIMITS = Limits(memory_bytes=4 * GIB)
LOUDNESS_DRIFT_LU = 0.5
"""More than an encoder drifts on music, which was 0.45 LU at worst; noted in the log, since a test tone may do so."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's choices."""

    target_lufs: float
    aac_coder: str


class Run:
    """One attempt at one job, in a folder of its own."""

    def __init__(
        self, job: Job, *, recipe: Recipe, store: ObjectStore, pool: Pool, folder: Path, reporter: Reporter
    ) -> None:
        self._job = job
        self._recipe = recipe
        self._store = store
        self._pool = pool
        self._folder = folder
        self._reporter = reporter

    async def perform(self) -> Asset:
        """Do every stage. Raises MediaError, RenditionRejected, IngestFault, Superseded, ServiceUnavailable."""
        upload = await self._fetch()
        info = await self._decode(upload)
        measured = await self._measure(info)
        renditions = await self._encode(info, measured)
        asset = await self._assemble(info, measured, renditions)
        await self._publish(asset, renditions)
        return asset

    async def _fetch(self) -> Path:
        await self._reporter.enter(Stage.FETCH)
        upload = self._folder / "upload"
        await publish.fetch_upload(self._store, self._job, upload, self._reporter.moved)
        return upload

    async def _decode(self, upload: Path) -> PcmInfo:
        await self._reporter.enter(Stage.DECODE)
        header = await asyncio.to_thread(_sniff_file, upload)
        task = Decode(path=str(upload), header=header, pcm_path=str(self._folder / "master.pcm"))
        async with child(decoder_limits(header, self._job.size_bytes), self._folder) as decoder:
            info: PcmInfo = await decoder.run(task, self._reporter.moved)
        await asyncio.to_thread(upload.unlink)
        return info

    async def _measure(self, info: PcmInfo) -> Measured:
        await self._reporter.enter(Stage.MEASURE)
        task = Measure(pcm_path=str(self._folder / "master.pcm"), info=info, lossy_path=str(self._folder / "lossy.pcm"))
        measured: Measured = await self._pool.run(task, self._reporter.moved)
        return measured

    async def _encode(self, info: PcmInfo, measured: Measured) -> list[Verified]:
        """Every rendition is encoded and verified, as many at once as there are children."""
        await self._reporter.enter(Stage.ENCODE)
        watch = _Average(len(LADDER), self._reporter.moved)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._rendition(rung, info, measured, watch.part(index)))
                for index, rung in enumerate(LADDER)
            ]
        return [task.result() for task in tasks]

    async def _rendition(self, rung: Rung, info: PcmInfo, measured: Measured, watch: _Watch) -> Verified:
        if rung.codec is Codec.FLAC:
            return await self._attempt(rung, info, measured, 0.0, watch)
        gain = normalisation.gain_db(measured.lossy, self._recipe.target_lufs)
        first = await self._attempt(rung, measured.lossy_info, measured, gain, watch)
        corrected = normalisation.corrected_gain_db(gain, first.reading)
        if corrected is None:
            return first
        return await self._attempt(rung, measured.lossy_info, measured, corrected, watch)

    async def _attempt(self, rung: Rung, info: PcmInfo, measured: Measured, gain_db: float, watch: _Watch) -> Verified:
        path = str(self._folder / f"{rung.name}.mp4")
        render = Render(
            rung=rung,
            pcm_path=measured.lossy_path if rung.codec is Codec.AAC else str(self._folder / "master.pcm"),
            info=info,
            gain_db=gain_db,
            aac_coder=self._recipe.aac_coder,
            track_path=path,
        )
        rendered: Rendered = await self._pool.run(render, watch)
        verify = Verify(
            rung=rung,
            track_path=path,
            info=info,
            rendered=rendered,
            pcm_sha256=measured.pcm_sha256,
            master=measured.master,
        )
        reading: Reading = await self._pool.run(verify, _ignore)
        return Verified(rung=rung, info=info, rendered=rendered, reading=reading, gain_db=gain_db, path=path)

    async def _assemble(self, info: PcmInfo, measured: Measured, renditions: list[Verified]) -> Asset:
        await self._reporter.enter(Stage.VERIFY)
        for one in renditions:
            _note_drift(one, measured)
        return assemble(self._job, info, measured, renditions)

    async def _publish(self, asset: Asset, renditions: list[Verified]) -> None:
        await self._reporter.enter(Stage.PUBLISH)
        tracks = {one.rung.name: Path(one.path) for one in renditions}
        await publish.publish(self._store, asset, tracks, self._reporter.step)


_Watch = Callable[[float], Awaitable[None]]


async def _ignore(_fraction: float) -> None:
    """Verifying takes a tenth of encoding; it has no steps of its own."""


class _Average:
    """The progress of several renditions as one."""

    def __init__(self, count: int, watch: _Watch) -> None:
        self._fractions = [0.0] * count
        self._watch = watch

    def part(self, index: int) -> _Watch:
        async def moved(fraction: float) -> None:
            self._fractions[index] = max(fraction, self._fractions[index])
            await self._watch(sum(self._fractions) / len(self._fractions))

        return moved


def decoder_limits(header: Header, size_bytes: int) -> Limits:
    """What decoding a file of this promise may take; four times real time is a hundred times what it needs."""
    if header.sample_count is not None:
        cpu_s = 30 + 4 * header.sample_count // header.sample_rate_hz
    else:
        cpu_s = 30 + size_bytes // 16_000  # 16 kB is a second of a lossy file, or less
    return Limits(memory_bytes=DECODER_MEMORY_BYTES, cpu_s=cpu_s, file_bytes=MAX_PCM_BYTES)


def _sniff_file(path: Path) -> Header:
    if path.stat().st_size == 0:  # an empty file has no memory map
        return sniff(b"")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return sniff(data)


def _note_drift(one: Verified, measured: Measured) -> None:
    source, found = measured.lossy.integrated_lufs, one.reading.integrated_lufs
    if one.rung.codec is Codec.FLAC or source is None:
        return
    drift = None if found is None else found - source - one.gain_db
    if drift is None or abs(drift) > LOUDNESS_DRIFT_LU:
        LOG.warning("a rendition is not as loud as it was meant to be", rendition=one.rung.name, drift_lu=drift)
