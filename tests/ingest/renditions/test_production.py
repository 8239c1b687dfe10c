"""The renditions of one master: all rungs, by real child processes, onto a shelf in memory."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from structlog.testing import capture_logs

from config.settings import LADDER
from ingest.errors import RenditionRejected
from ingest.isolation.children import Pool, pool
from ingest.loudness.meter import Reading
from ingest.pcm import PcmInfo, SampleForm
from ingest.pipeline import CHILD_LIMITS
from ingest.progressive.labels import Labels
from ingest.renditions import ladder
from ingest.renditions.finished import Finished
from ingest.renditions.ladder import File, Rung
from ingest.renditions.production import Sources, cost, derive, render_all
from ingest.renditions.recipe import Recipe
from ingest.tasks import Measure, Measured, Source, Task, Verified, Verify
from origin.asset import Codec

PACKAGED = ladder.parse(LADDER.read_text("utf-8"))
AAC_64 = Rung(name="aac-64", codec=Codec.AAC, stereo_bandwidth_bps=64_000, files=(File.CMAF,))
SHORT = tuple(rung for rung in PACKAGED if rung.name in ("aac-96", "flac"))


async def ignore(_fraction: float) -> None:
    pass


class Shelf:
    """Keeps digests of the files that it was given, before they are removed."""

    def __init__(self, *kept: Finished) -> None:
        self.kept = {one.rung_name: one for one in kept}
        self.digests: dict[str, str] = {}

    async def find(self, rung_name: str) -> Finished | None:
        return self.kept.get(rung_name)

    async def keep(self, finished: Finished, files: Mapping[str, Path]) -> None:
        assert finished.rung_name not in self.kept
        self.kept[finished.rung_name] = finished
        self.digests |= {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


class Kitchen:
    """A master in a folder, measured and derived as the pipeline does it."""

    def __init__(self, pool: Pool, folder: Path) -> None:
        self.pool = pool
        self.folder = folder

    async def sources(self, frames: Any, rate: int, rungs: tuple[Rung, ...]) -> Sources:
        path = self.folder / "master.pcm"
        path.write_bytes(np.rint(frames * 32767).astype("<i2").tobytes())
        positions = ("FC",) if frames.shape[1] == 1 else ("FL", "FR")
        info = PcmInfo(
            sample_rate_hz=rate, positions=positions, form=SampleForm.S16, stored_bits=16, sample_count=len(frames)
        )
        blocks = str(self.folder / "blocks")
        task = Measure(pcm_path=str(path), info=info, lossless_container=True, blocks_path=blocks)
        measured: Measured = await self.pool.run(task, ignore)
        derived = await derive(rungs, info, pool=self.pool, folder=self.folder)
        return Sources(
            master=Source(pcm_path=str(path), info=info, reading=measured.master),
            pcm_sha256=measured.pcm_sha256,
            derived=derived.sources,
            labels=Labels(title="Title", artist="Artist"),
        )

    async def render(
        self, rungs: tuple[Rung, ...], sources: Sources, shelf: Shelf, *, pool: Any = None, watch: Any = ignore
    ) -> list[Finished]:
        recipe = Recipe(ladder=rungs, target_lufs=-14.0, aac_coder="twoloop")
        return await render_all(
            rungs, sources, recipe=recipe, pool=pool or self.pool, folder=self.folder, shelf=shelf, watch=watch
        )


@pytest.fixture
async def kitchen(tmp_path: Path) -> AsyncIterator[Kitchen]:
    async with pool(2, CHILD_LIMITS, tmp_path) as children:
        yield Kitchen(children, tmp_path)


async def test_every_rung_is_kept_with_all_its_files_and_one_more_entry_is_one_more(
    masters: Any, kitchen: Kitchen
) -> None:
    rungs = (*PACKAGED, AAC_64)
    sources = await kitchen.sources(masters.music(1.4, 44_100), 44_100, rungs)
    shelf, fractions = Shelf(), []

    async def watch(fraction: float) -> None:
        fractions.append(fraction)

    done = await kitchen.render(rungs, sources, shelf, watch=watch)
    assert [one.rung_name for one in done] == [rung.name for rung in rungs]
    assert shelf.kept == {one.rung_name: one for one in done}
    assert set(shelf.digests) == {rung.object_name(file) for rung in rungs for file in rung.files}
    assert set(shelf.digests) == {name for one in done for name in one.file_names}
    for one in done:
        if one.rendition:
            assert shelf.digests[f"{one.rung_name}.mp4"] == one.rendition.sha256
        if one.progressive:
            assert shelf.digests[one.progressive.file_name] == one.progressive.sha256
    assert {path.suffix for path in kitchen.folder.iterdir()} == {".pcm", ""}, "what is kept is removed here"
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1.0


async def test_records_say_what_was_asked_for_and_what_was_found(masters: Any, kitchen: Kitchen) -> None:
    sources = await kitchen.sources(masters.music(1.4, 44_100), 44_100, PACKAGED)
    done = {one.rung_name: one for one in await kitchen.render(PACKAGED, sources, Shelf())}
    both = done["aac-160"]
    assert both.rendition
    assert both.progressive
    assert (both.rendition.codec_string, both.progressive.media_type) == ("mp4a.40.2", "audio/mp4")
    shared = ("gain_db", "loudness", "priming_samples", "padding_samples", "sample_count", "nominal_bandwidth_bps")
    assert [getattr(both.rendition, name) for name in shared] == [getattr(both.progressive, name) for name in shared]
    opus = done["opus-24"].rendition
    assert opus
    assert (opus.codec_string, opus.sample_rate_hz, opus.sample_count) == ("Opus", 48_000, 67_200)
    flac = done["flac"]
    assert flac.rendition
    assert flac.progressive
    assert (flac.rendition.gain_db, flac.progressive.gain_db) == (0.0, 0.0)
    assert flac.rendition.loudness == sources.master.reading
    assert [one.rung_name for one in done.values() if one.rendition is None] == [
        "mp3-320",
        "vorbis-320",
        "vorbis-160",
        "vorbis-96",
    ]


async def test_rung_on_the_shelf_is_not_made_again(masters: Any, kitchen: Kitchen) -> None:
    sources = await kitchen.sources(masters.tone(1.0), 48_000, SHORT)
    first = Shelf()
    done = await kitchen.render(SHORT, sources, first)
    marked = msgspec.structs.replace(done[0], progressive=None)
    second = Shelf(marked)
    fractions: list[float] = []

    async def watch(fraction: float) -> None:
        fractions.append(fraction)

    again = await kitchen.render(SHORT, sources, second, watch=watch)
    assert again == [marked, done[1]]
    assert fractions[0] > 0.5, "what is there already is done"
    assert set(second.digests) == {"flac.mp4", "flac.flac"}


class Hot:
    """A pool whose children find a peak above the ceiling in the first encoding of a lossy rung."""

    def __init__(self, inner: Pool, *, found_lufs: float | None = None) -> None:
        self._inner = inner
        self._found_lufs = found_lufs
        self.verified: list[str] = []

    async def run(self, task: Task, watch: Any) -> Any:
        result = await self._inner.run(task, watch)
        if isinstance(task, Verify):
            self.verified.append(task.rung.name)
            return Verified(reading=self._changed(task, result.reading))
        return result

    def _changed(self, task: Verify, reading: Reading) -> Reading:
        if self._found_lufs is not None and not task.rung.lossless:
            return msgspec.structs.replace(reading, integrated_lufs=self._found_lufs)
        first = self.verified.count(task.rung.name) == 1
        return msgspec.structs.replace(reading, true_peak_dbtp=0.5) if first else reading


async def test_rendition_above_the_ceiling_is_turned_down_and_encoded_once_more(masters: Any, kitchen: Kitchen) -> None:
    sources = await kitchen.sources(masters.tone(1.0, dbfs=-14.0), 48_000, SHORT)
    usual = await kitchen.render(SHORT, sources, Shelf())
    hot = Hot(kitchen.pool)
    fractions = []

    async def watch(fraction: float) -> None:
        fractions.append(fraction)

    done = await kitchen.render(SHORT, sources, Shelf(), pool=hot, watch=watch)
    assert fractions == sorted(fractions), "progress does not go back for the second encoding"
    assert sorted(hot.verified) == ["aac-96", "aac-96", "flac"], "a lossless one is never turned down"
    assert usual[0].rendition
    assert done[0].rendition
    # 1.5 dB above the ceiling, and the margin.
    assert done[0].rendition.gain_db == pytest.approx(usual[0].rendition.gain_db - 1.6)
    found, before = done[0].rendition.loudness.integrated_lufs, usual[0].rendition.loudness.integrated_lufs
    assert found == pytest.approx(before - 1.6, abs=0.1)
    assert done[1].rendition
    assert usual[1].rendition
    assert (done[1].rendition.gain_db, done[1].rendition.sha256) == (0.0, usual[1].rendition.sha256)


async def test_rung_that_is_not_what_was_asked_for_is_kept_and_logged(masters: Any, kitchen: Kitchen) -> None:
    sources = await kitchen.sources(masters.tone(1.0, dbfs=-14.0), 48_000, SHORT)
    shelf = Shelf()
    with capture_logs() as logged:
        await kitchen.render(SHORT, sources, shelf, pool=Hot(kitchen.pool, found_lufs=-20.0))
    assert [(line["log_level"], line["rendition"]) for line in logged] == [("warning", "aac-96")]
    assert logged[0]["loudness_lu"] < -0.5
    assert "aac-96" in shelf.kept


async def test_costliest_rung_is_begun_first_and_the_ladders_order_is_kept(masters: Any, kitchen: Kitchen) -> None:
    rungs = tuple(reversed(SHORT))
    sources = await kitchen.sources(masters.tone(1.0), 48_000, rungs)
    begun = []

    class Noting:
        async def run(self, task: Task, watch: Any) -> Any:
            begun.append((type(task).__name__, getattr(task, "rung", rungs[0]).name))
            return await kitchen.pool.run(task, watch)

    done = await kitchen.render(rungs, sources, Shelf(), pool=Noting())
    assert begun[:2] == [("Render", "aac-96"), ("Render", "flac")]
    assert [one.rung_name for one in done] == ["flac", "aac-96"]


async def test_rung_that_is_much_too_loud_is_not_kept(masters: Any, kitchen: Kitchen) -> None:
    sources = await kitchen.sources(masters.tone(1.0, dbfs=-14.0), 48_000, SHORT)
    shelf = Shelf()
    with pytest.raises(ExceptionGroup) as caught:
        await kitchen.render(SHORT, sources, shelf, pool=Hot(kitchen.pool, found_lufs=-2.0))
    assert caught.group_contains(RenditionRejected, match="louder than it was meant to be")
    assert "aac-96" not in shelf.kept


def test_costly_rungs_come_first() -> None:
    names = [rung.name for rung in sorted(PACKAGED, key=cost, reverse=True)]
    assert names[:2] == ["aac-320", "mp3-320"]
    assert names[-1] == "flac"
