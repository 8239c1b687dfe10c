"""Music that is in the catalogue already, in whatever file it comes."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from appliance.importer import recognition
from appliance.importer.recognition import ByFingerprint
from tests.appliance.importer.runs import Run, statuses


@pytest.fixture
def listening(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """A run that knows what a file sounds like: the words before the first bar. Counts how often it listened."""
    heard: Counter[str] = Counter()

    async def before_the_bar(file: Path, *, scratch: Path) -> str | None:
        assert scratch == tmp_path
        heard[file.name] += 1
        return file.read_text().partition("|")[0] or None

    monkeypatch.setattr(recognition, "fingerprint", before_the_bar)
    run.recognition = ByFingerprint(tmp_path)
    return heard


async def test_the_same_audio_in_another_file_is_there_already(
    run: Run, api: Any, listening: Counter[str], tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_text("hum|wav")
    (tmp_path / "b.flac").write_text("hum|flac, other tags")
    (tmp_path / "c.wav").write_text("drum|wav")

    together = await run(tmp_path)
    again = await run(tmp_path / "b.flac")

    assert sorted(outcome.status.value for outcome in together) == ["exists", "ready", "ready"]
    assert together[0].track == together[1].track == again[0].track
    assert statuses(again) == [("b.flac", "exists")]
    assert (len(api.tracks), api.calls["PUT"]) == (2, 2)
    assert listening == {"a.wav": 1, "b.flac": 1, "c.wav": 1}  # the second run has heard it before


async def test_a_file_that_is_there_is_not_listened_to(run: Run, listening: Counter[str], tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("hum|wav")
    await run(tmp_path)
    run.recognition = ByFingerprint(tmp_path)
    listening.clear()

    assert statuses(await run(tmp_path)) == [("a.wav", "exists")]
    assert not listening


async def test_what_cannot_be_decoded_is_left_to_the_ingest(
    run: Run, api: Any, listening: Counter[str], tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_text("|noise")
    (tmp_path / "b.wav").write_text("|other noise")

    assert [status for _, status in statuses(await run(tmp_path))] == ["ready", "ready"]
    assert (len(api.tracks), sum(listening.values())) == (2, 2)
