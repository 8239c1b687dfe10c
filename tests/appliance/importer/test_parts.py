"""Large files, which go in parts."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from appliance import sending
from appliance.importer import passage
from tests.appliance.importer.runs import Run, statuses, write


async def test_a_large_file_goes_in_parts_a_few_at_a_time(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.parts_go_on.clear()
    running = asyncio.create_task(run(file))
    while api.parts_at_once < sending.PARALLEL_PARTS:
        await asyncio.sleep(0.01)
    api.parts_go_on.set()

    outcomes = await running

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert list(api.stored.values()) == [file.read_bytes()]
    assert (api.calls["PUT"], api.calls["PUT part"]) == (0, 10)
    assert api.most_parts_at_once == sending.PARALLEL_PARTS
    fractions = [fraction for _, step, fraction in run.steps.seen if step == "uploading"]
    assert (fractions[0], fractions[-1]) == (0.0, round(passage.UPLOAD_SHARE, 3))


async def test_only_the_parts_that_have_not_arrived_are_sent(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.faults["PUT part"] = [web.Response(status=400) for _ in range(2)]
    create_upload, arrived = api.create_upload, 0

    def promise(wanted: Any) -> Any:
        nonlocal arrived
        arrived = len(api.parts)  # one that was on its way at the end of the first run may have come in the meantime
        return create_upload(wanted)

    api.create_upload = promise
    refused = await run(file)
    api.faults["PUT part"].clear()
    api.calls.clear()

    outcomes = await run(file)

    assert statuses(refused) == [("one.wav", "failed")]
    assert statuses(outcomes) == [("one.wav", "ready")]
    assert api.calls["PUT part"] == 10 - arrived
    assert (len(api.tracks), len(api.uploads)) == (1, 1)


async def test_a_part_that_the_store_drops_is_sent_again_and_the_others_are_not(
    run: Run, api: Any, tmp_path: Path
) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.faults["PUT part"] = [web.Response(status=503) for _ in range(3)]

    assert statuses(await run(file)) == [("one.wav", "ready")]
    assert (api.calls["PUT part"], api.calls["createUpload"]) == (10 + 3, 1)


async def test_an_upload_that_the_store_has_broken_is_given_up_for_another(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    api.broken_uploads = {"upload-0"}
    [file] = write(tmp_path, "one.wav")

    assert statuses(await run(file)) == [("one.wav", "ready")]
    assert (list(api.stored), api.calls["abortUpload"], api.calls["createUpload"]) == (["upload-1"], 1, 4 + 3)


async def test_a_store_that_is_busy_loses_nothing_of_an_upload(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.faults["PUT part"] = [web.Response(status=503) for _ in range(1000)]

    assert statuses(await run(file)) == [("one.wav", "failed")]
    assert (api.calls["abortUpload"], len(api.uploads)) == (0, 1)


async def test_a_file_that_has_arrived_is_only_completed(run: Run, api: Any, answers: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    _, system_error = answers
    api.faults["completeUpload"] = [system_error("SERVICE_UNAVAILABLE", "Away.", status=503)]

    assert statuses(await run(file)) == [("one.wav", "ready")]
    assert (api.calls["PUT part"], api.calls["completeUpload"]) == (10, 2)


async def test_signatures_that_run_out_are_renewed_as_long_as_it_gets_on(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.first_signatures = 4

    outcomes = await run(file)

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert api.calls["late part"] > 0
    assert api.calls["PUT part"] - api.calls["late part"] == 10
    assert api.calls["createUpload"] == 2
