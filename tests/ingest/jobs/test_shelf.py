"""The shelf on the real tables and a real store: what is found again, and what is made anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingest.contract import Job
from ingest.errors import Superseded
from ingest.jobs.ledger import Ledger
from ingest.jobs.shelf import Shelf
from ingest.renditions.finished import Finished
from ingest.renditions.ladder import File, Rung
from ingest.renditions.recipe import Recipe
from origin import asset as assets
from origin.asset import Codec
from tests import described

RUNG = Rung(name="aac-96", codec=Codec.AAC, stereo_bandwidth_bps=96_000, files=(File.CMAF, File.M4A))
RECIPE = Recipe(ladder=(RUNG,), target_lufs=-14.0, aac_coder="twoloop")
FINISHED = Finished(
    rung_name="aac-96", rendition=described.rendition("aac-96"), progressive=described.whole_file("aac-96.m4a")
)


@pytest.fixture
def opened(queue: Any, ledger: Ledger, job: Job) -> Callable[..., Any]:
    async def open_shelf(recipe: Recipe = RECIPE) -> Shelf:
        claim = await ledger.claim(job)
        assert claim is not None
        shelf = Shelf(ledger=ledger, store=queue.store, claim=claim, recipe=recipe)
        await shelf.open()
        return shelf

    return open_shelf


def files(folder: Path) -> dict[str, Path]:
    made = {"aac-96.mp4": folder / "aac-96.mp4", "aac-96.m4a": folder / "aac-96.m4a"}
    for name, path in made.items():
        path.write_bytes(name.encode())
    return made


async def test_next_attempt_finds_what_was_kept(queue: Any, opened: Any, job: Job, tmp_path: Path) -> None:
    first = await opened()
    assert await first.find("aac-96") is None
    await first.keep(FINISHED, files(tmp_path))
    directory = f"assets/{job.asset_id}/1/"
    assert await queue.keys_of(job.asset_id) == [f"{directory}aac-96.m4a", f"{directory}aac-96.mp4"]
    assert await queue.store.read(f"{directory}aac-96.mp4") == b"aac-96.mp4"
    assert await (await opened()).find("aac-96") == FINISHED


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(msgspec.structs.replace(RECIPE, target_lufs=-16.0), id="another target"),
        pytest.param(msgspec.structs.replace(RECIPE, aac_coder="fast"), id="another coder"),
        pytest.param(
            msgspec.structs.replace(RECIPE, ladder=(msgspec.structs.replace(RUNG, stereo_bandwidth_bps=128_000),)),
            id="another bandwidth",
        ),
        pytest.param(
            msgspec.structs.replace(RECIPE, ladder=(msgspec.structs.replace(RUNG, name="aac-98"),)), id="no such rung"
        ),
    ],
)
async def test_what_was_made_by_other_settings_is_made_anew(opened: Any, tmp_path: Path, recipe: Recipe) -> None:
    await (await opened()).keep(FINISHED, files(tmp_path))
    assert await (await opened(recipe)).find("aac-96") is None


async def test_record_of_an_older_version_counts_for_nothing(
    queue: Any, opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "DESCRIPTOR_VERSION", assets.DESCRIPTOR_VERSION - 1)
    await (await opened()).keep(FINISHED, files(tmp_path))
    monkeypatch.undo()
    await queue.connection.execute("UPDATE asset_renditions SET finished = finished #- '{rendition,header_sha256}'")
    assert await (await opened()).find("aac-96") is None


async def test_record_whose_file_is_gone_counts_for_nothing(queue: Any, opened: Any, job: Job, tmp_path: Path) -> None:
    await (await opened()).keep(FINISHED, files(tmp_path))
    await queue.store.delete(f"assets/{job.asset_id}/1/aac-96.m4a")
    assert await (await opened()).find("aac-96") is None


async def test_attempt_that_lost_its_claim_stores_nothing(queue: Any, opened: Any, job: Job, tmp_path: Path) -> None:
    late = await opened()
    await opened()
    with pytest.raises(Superseded):
        await late.keep(FINISHED, files(tmp_path))
    assert await queue.keys_of(job.asset_id) == []
    assert await queue.connection.fetchval("SELECT count(*) FROM asset_renditions") == 0
