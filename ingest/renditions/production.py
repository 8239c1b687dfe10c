"""The renditions of one master: every rung encoded, verified, turned down once where its peak is too high, and kept.

Theory of operation. A rung is one task after another on one of the pool's children: `Render` encodes it into each of
its files, `Verify` decodes those again. As many rungs are on their way as there are children, the costliest first, so
that the last one to end is a short one. A rung that is finished goes onto the *shelf* at once: an attempt after a crash
finds it there and does not encode it again.

Not here: what the gain is (`ingest.loudness.normalisation`), where the shelf is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from config.logs import logger
from ingest.isolation.children import Pool
from ingest.loudness import normalisation
from ingest.pcm import PcmInfo
from ingest.progressive.labels import Labels
from ingest.renditions import derivation
from ingest.renditions.deviation import deviation
from ingest.renditions.finished import Finished, finished
from ingest.renditions.ladder import Rung
from ingest.renditions.recipe import Recipe
from ingest.tasks import Derive, Derived, Render, Rendered, Source, Verified, Verify
from origin.asset import Codec

LOG = logger("ingest.renditions.production")
Watch = Callable[[float], Awaitable[None]]


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """What the renditions are made of, and the names that go into whole files."""

    master: Source
    pcm_sha256: str
    derived: tuple[Source, ...]
    labels: Labels

    def of(self, rung: Rung) -> Source:
        """What a rung is made of. Raises KeyError for one that was not derived."""
        wanted = derivation.source_info(rung.codec, self.master.info)
        for source in (self.master, *self.derived):
            if source.info == wanted:
                return source
        raise KeyError(wanted)


class Shelf(Protocol):
    """Where finished rungs are kept, beyond the end of the attempt."""

    async def find(self, rung_name: str) -> Finished | None:
        """What an earlier attempt kept."""

    async def keep(self, finished: Finished, files: Mapping[str, Path]) -> None:
        """Store the files by their object names, such as `aac-160.mp4`, then the record."""


async def derive(rungs: Sequence[Rung], info: PcmInfo, *, pool: Pool, folder: Path) -> Derived:
    """Derive what the rungs are made of and the master in `folder` is not."""
    targets = derivation.derived_infos((rung.codec for rung in rungs), info)
    if not targets:
        return Derived(sources=())
    task = Derive(pcm_path=str(folder / "master.pcm"), info=info, targets=targets, folder=str(folder))
    derived: Derived = await pool.run(task, _ignore)
    return derived


async def render_all(
    rungs: Sequence[Rung], sources: Sources, *, recipe: Recipe, pool: Pool, folder: Path, shelf: Shelf, watch: Watch
) -> list[Finished]:
    """Make every rung and keep it. Raises a group of RenditionRejected, IngestFault and what the shelf raises."""
    maker = _Maker(sources, recipe=recipe, pool=pool, folder=folder, shelf=shelf)
    progress = _Progress(rungs, watch)
    async with asyncio.TaskGroup() as group:
        tasks = {
            rung.name: group.create_task(maker.make(rung, progress.part(rung)))
            for rung in sorted(rungs, key=cost, reverse=True)
        }
    return [tasks[rung.name].result() for rung in rungs]


class _Maker:
    """Makes one rung after another of the same sources."""

    def __init__(self, sources: Sources, *, recipe: Recipe, pool: Pool, folder: Path, shelf: Shelf) -> None:
        self._sources = sources
        self._recipe = recipe
        self._pool = pool
        self._folder = folder
        self._shelf = shelf

    async def make(self, rung: Rung, watch: Watch) -> Finished:
        kept = await self._shelf.find(rung.name)
        if kept is not None:
            await watch(1.0)
            return kept
        source = self._sources.of(rung)
        gain = 0.0 if rung.lossless else normalisation.gain_db(source.reading, self._recipe.target_lufs)
        rendered, verified = await self._attempt(rung, source, gain, watch)
        corrected = None if rung.lossless else normalisation.corrected_gain_db(gain, verified.reading)
        if corrected is not None:
            gain = corrected
            rendered, verified = await self._attempt(rung, source, gain, watch)
        done = finished(rung, source.info, rendered, verified, gain_db=gain)
        found = deviation(rung, source.info, rendered, meant=source.reading, found=verified.reading, gain_db=gain)
        if found.noteworthy:
            LOG.warning("a rendition is not what was asked for", rendition=rung.name, **msgspec.structs.asdict(found))
        files = {rung.object_name(file.file): Path(file.path) for file in rendered.files}
        await self._shelf.keep(done, files)
        for path in files.values():
            path.unlink()
        return done

    async def _attempt(self, rung: Rung, source: Source, gain_db: float, watch: Watch) -> tuple[Rendered, Verified]:
        render = Render(
            rung=rung,
            pcm_path=source.pcm_path,
            info=source.info,
            gain_db=gain_db,
            aac_coder=self._recipe.aac_coder,
            labels=self._sources.labels,
            folder=str(self._folder),
        )
        rendered: Rendered = await self._pool.run(render, watch)
        verify = Verify(rung=rung, source=source, rendered=rendered, pcm_sha256=self._sources.pcm_sha256)
        verified: Verified = await self._pool.run(verify, _ignore)
        return rendered, verified


def cost(rung: Rung) -> float:
    """How long a rung takes beside others."""
    base, a_kilobit = COSTS[rung.codec]
    return base + a_kilobit * (rung.stereo_bandwidth_bps or 0) / 1000


COSTS = {
    Codec.AAC: (1.0, 0.03),
    Codec.MP3: (5.0, 0.011),
    Codec.VORBIS: (2.4, 0.0),
    Codec.OPUS: (1.6, 0.004),
    Codec.FLAC: (0.7, 0.0),
}
"""Seconds for three minutes of stereo on one core, with the verification: a part for the codec, a part for a kilobit.
They order the rungs and weigh their progress, for which rough ones do."""


class _Progress:
    """The progress of all rungs as one, each with the weight of its cost."""

    def __init__(self, rungs: Sequence[Rung], watch: Watch) -> None:
        self._weights = {rung.name: cost(rung) for rung in rungs}
        self._done = dict.fromkeys(self._weights, 0.0)
        self._watch = watch

    def part(self, rung: Rung) -> Watch:
        async def moved(fraction: float) -> None:
            self._done[rung.name] = max(fraction, self._done[rung.name])
            made = sum(self._done[name] * weight for name, weight in self._weights.items())
            await self._watch(made / sum(self._weights.values()))

        return moved


async def _ignore(_fraction: float) -> None:
    """Deriving and verifying are short beside encoding; they have no steps of their own."""
