import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from appliance.importer.outcome import Outcome, Status
from appliance.importer.report import Haul, JsonReport, LiveReport, PlainReport, tally

READY = Outcome(file=Path("a [b]/one.wav"), status=Status.READY, track="VHJhY2s6MQ")
EXISTS = Outcome(file=Path("two.wav"), status=Status.EXISTS, track="VHJhY2s6Mg")
FAILED = Outcome(file=Path("three.wav"), status=Status.FAILED, code="empty", reason="The file is empty.")
ODD = Outcome(file=Path(os.fsdecode(b"\xff.wav")), status=Status.FAILED, code="unreadable_file", reason="No.")
ALL = (READY, EXISTS, FAILED, ODD)


def test_json_is_one_line_a_file_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonReport() as report:
        report.advance(READY.file, "uploading", 0.5)
        for outcome in ALL:
            report.finished(outcome)
    report.summary(ALL, elapsed_s=1)

    told = capsys.readouterr()
    assert [json.loads(line) for line in told.out.splitlines()] == [
        {"file": "a [b]/one.wav", "status": "ready", "code": None, "track": "VHJhY2s6MQ"},
        {"file": "two.wav", "status": "exists", "code": None, "track": "VHJhY2s6Mg"},
        {"file": "three.wav", "status": "failed", "code": "empty", "track": None},
        {"file": "\udcff.wav", "status": "failed", "code": "unreadable_file", "track": None},
    ]
    assert told.err == ""


def test_plain_lines_end_with_what_failed_and_why() -> None:
    stream = io.StringIO()
    report = PlainReport(Console(file=stream, width=100), {})

    with report:
        for outcome in ALL:
            report.finished(outcome)
    report.summary(ALL, elapsed_s=75)

    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert lines[:4] == ["ready   a [b]/one.wav", "exists  two.wav", "failed  three.wav", "failed  ?.wav"]
    assert [line.split() for line in lines[7:9]] == [
        ["three.wav", "empty", "The", "file", "is", "empty."],
        ["?.wav", "unreadable_file", "No."],
    ]
    assert lines[-2:] == ["4 files: 1 ready, 1 there already, 2 failed, in 1 min 15 s", "0 bytes/s, 0.013 files/s"]


def test_the_pace_is_that_of_new_music() -> None:
    haul = Haul()
    assert haul.pace(20) == ""
    haul.add(EXISTS, 5_000_000_000)
    assert haul.pace(20) == ""
    for length_s, size_bytes in ((180.0, 30_000_000), (None, 10_000_000)):
        taken = Outcome(file=Path("a.wav"), status=Status.READY, track="T", duration_s=length_s)
        haul.add(taken, size_bytes)
    assert haul.pace(20) == "2.0 MB/s, 0.1 files/s, 9 x real time"
    assert haul.pace(0) == ""


def test_without_failures_there_is_no_table() -> None:
    stream = io.StringIO()

    PlainReport(Console(file=stream), {}).summary([EXISTS], elapsed_s=1.25)

    assert stream.getvalue() == "1 file: 1 there already, in 1.25 s\n"


@pytest.mark.parametrize(
    ("elapsed_s", "told"), [(0.0421, "0.0421 s"), (9.04, "9.04 s"), (59.4, "59.4 s"), (61, "1 min 1 s")]
)
def test_time_is_told_as_people_tell_it(elapsed_s: float, told: str) -> None:
    assert tally([READY], elapsed_s) == f"1 file: 1 ready, in {told}"


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_bars_follow_the_files_and_leave_the_outcomes() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    clock = Clock()
    report = LiveReport(console, {READY.file: 1000, FAILED.file: 0}, clock=clock)

    with report:
        report.advance(READY.file, "uploading", 0.25)
        report.advance(READY.file, "reading", 0.0)  # another attempt
        report.advance(FAILED.file, "decoding", 0.5)
        whole, first, second = report._progress.tasks
        shown = [(whole.description, whole.completed), (first.description, first.completed), second.fields["step"]]
        clock.now_s = 4.0
        report.finished(READY)
        report.finished(FAILED)
        left = [(task.description, task.fields["pace"]) for task in report._progress.tasks]

    assert shown == [("2 files", 250.0), ("one.wav", 250.0), "decoding"]
    assert left == [("2 files", "250 bytes/s")]
    assert "✓ ready  a [b]/one.wav" in stream.getvalue()
    assert "✗ failed three.wav" in stream.getvalue()


def test_one_large_file_has_a_pace_and_a_time_left_while_it_is_on_its_way() -> None:
    stream = io.StringIO()
    clock = Clock()
    console = Console(file=stream, force_terminal=True, width=100, color_system=None)
    report = LiveReport(console, {READY.file: 1_000_000_000}, clock=clock)

    with report:
        for second in range(1, 5):
            clock.now_s = float(second)
            report.advance(READY.file, "uploading", second / 100)
        whole, _ = report._progress.tasks
        beside = report._progress.columns[-1].render(whole)

    assert str(beside) == "1 min 36 s left, 10.0 MB/s"
