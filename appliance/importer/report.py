"""How an import is shown: bars on a terminal, plain lines in a pipe, JSON for programs.

All three write the files in the order in which they were given, whichever finished first. Nothing but the JSON lines
goes to standard output in the third form.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rich import box
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column, Table
from rich.text import Text

from appliance.importer.files import shown
from appliance.importer.outcome import Outcome, Status

MARKS = {Status.READY: ("green", "✓"), Status.EXISTS: ("cyan", "="), Status.FAILED: ("red", "✗")}
SHOWN_NAME = 32  # characters of a file's name beside its bar


class Report(Protocol):
    """What the import tells while it runs and at its end."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def advance(self, file: Path, step: str, fraction: float) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...

    def summary(self, outcomes: Sequence[Outcome], *, elapsed_s: float) -> None: ...


class Silent:
    """Tells nothing; the others say what they tell."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def advance(self, file: Path, step: str, fraction: float) -> None:
        """Nothing moves."""

    def finished(self, outcome: Outcome) -> None:
        """Nothing is told."""

    def summary(self, outcomes: Sequence[Outcome], *, elapsed_s: float) -> None:
        """Nothing is told."""


class JsonReport(Silent):
    """One line a file on standard output: `{"file", "status", "code", "track"}`."""

    def finished(self, outcome: Outcome) -> None:
        line = {
            "file": str(outcome.file),
            "status": outcome.status.value,
            "code": outcome.code,
            "track": outcome.track,
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


class PlainReport(Silent):
    """One line a file, then what failed and why, and how fast it went; for pipes and logs."""

    def __init__(self, console: Console, sizes: Mapping[Path, int]) -> None:
        self._console = console
        self._sizes = sizes
        self._haul = Haul()

    def finished(self, outcome: Outcome) -> None:
        self._haul.add(outcome, self._sizes.get(outcome.file, 0))
        self._console.print(
            f"{outcome.status.value:<7} {shown(outcome.file)}", markup=False, highlight=False, soft_wrap=True
        )

    def summary(self, outcomes: Sequence[Outcome], *, elapsed_s: float) -> None:
        failed = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
        if failed:
            self._console.print("", failures(failed), "", sep="\n")
        self._console.print(tally(outcomes, elapsed_s), highlight=False)
        told = self._haul.pace(elapsed_s)
        if told:
            self._console.print(told, highlight=False)


class LiveReport(PlainReport):
    """A bar for the whole with its pace and the time left, and one for every file that is under way."""

    def __init__(
        self, console: Console, sizes: Mapping[Path, int], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(console, sizes)
        self._clock = clock
        self._began_s = clock()
        self._done: dict[Path, float] = {}
        self._bars: dict[Path, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, width=SHOWN_NAME)),
            BarColumn(bar_width=20),
            _Beside(),
            console=console,
            transient=True,
            get_time=clock,
        )
        self._whole = self._progress.add_task(
            f"{len(sizes)} file{'s' if len(sizes) != 1 else ''}",
            total=sum(sizes.values()) or 1,
            step="",
            pace="",
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, file: Path, step: str, fraction: float) -> None:
        # An attempt that starts over does not turn the bars back.
        before = self._done.get(file, 0.0)
        done = self._done[file] = max(before, fraction)
        self._progress.advance(self._whole, (done - before) * self._sizes[file])
        if done >= 1:
            self._close(file)
        else:
            if file not in self._bars:
                self._bars[file] = self._progress.add_task(
                    _shortened(shown(Path(file.name))), total=self._sizes[file] or 1, step="", pace=""
                )
            self._progress.update(self._bars[file], completed=done * self._sizes[file], step=step)

    def finished(self, outcome: Outcome) -> None:
        self.advance(outcome.file, "", 1.0)
        self._haul.add(outcome, self._sizes[outcome.file])
        self._progress.update(self._whole, pace=self._haul.speed(self._clock() - self._began_s))
        colour, mark = MARKS[outcome.status]
        self._console.print(
            f"[{colour}]{mark} {outcome.status.value:<6}[/] {escape(shown(outcome.file))}", highlight=False
        )

    def _close(self, file: Path) -> None:
        bar = self._bars.pop(file, None)
        if bar is not None:
            self._progress.remove_task(bar)


class _Beside(ProgressColumn):
    """Beside a file's bar its step; beside the whole's the time left and the speed. More would leave 80 columns no bar.

    Until the first file is ready, the speed is that of the bar: a file of gigabytes is not without one for minutes.
    """

    def __init__(self) -> None:
        super().__init__(Column(no_wrap=True))

    def render(self, task: Task) -> Text:
        if task.fields["step"]:
            return Text(task.fields["step"], style="dim")
        left = "" if task.time_remaining is None else f"{_span(math.ceil(task.time_remaining))} left"
        pace = task.fields["pace"] or (f"{decimal(int(task.speed))}/s" if task.speed else "")
        return Text(", ".join(filter(None, (left, pace))))


def failures(failed: Sequence[Outcome]) -> Table:
    """What failed and why."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column("failed", overflow="fold", ratio=2)
    table.add_column("code", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=3)
    for outcome in failed:
        table.add_row(escape(shown(outcome.file)), outcome.code or "", escape(outcome.reason or ""))
    return table


def tally(outcomes: Sequence[Outcome], elapsed_s: float) -> str:
    """One sentence of counts."""
    counts = Counter(outcome.status for outcome in outcomes)
    words = {Status.READY: "ready", Status.EXISTS: "there already", Status.FAILED: "failed"}
    told = ", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status])
    return f"{len(outcomes)} file{'' if len(outcomes) == 1 else 's'}: {told}, in {_span(elapsed_s)}"


class Haul:
    """The new music that has come in, as a pace: what was there already is no work."""

    def __init__(self) -> None:
        self._files = 0
        self._bytes = 0
        self._audio_s = 0.0

    def add(self, outcome: Outcome, size_bytes: int) -> None:
        if outcome.status is Status.READY:
            self._files += 1
            self._bytes += size_bytes
            self._audio_s += outcome.duration_s or 0.0

    def speed(self, elapsed_s: float) -> str:
        """Megabytes a second; empty without any."""
        return f"{decimal(int(self._bytes / elapsed_s))}/s" if self._files and elapsed_s > 0 else ""

    def pace(self, elapsed_s: float) -> str:
        """Megabytes and files a second, and how much of it in the time that it plays; empty without any."""
        if not self._files or elapsed_s <= 0:
            return ""
        told = [self.speed(elapsed_s), f"{self._files / elapsed_s:.2g} files/s"]
        return ", ".join(told + [f"{self._audio_s / elapsed_s:.3g} x real time"] * bool(self._audio_s))


def _span(elapsed_s: float) -> str:
    if elapsed_s < 60:
        return f"{elapsed_s:.3g} s"
    minutes, seconds = divmod(round(elapsed_s), 60)
    return f"{minutes} min {seconds} s"


def _shortened(name: str) -> str:
    return name if len(name) <= SHOWN_NAME else f"{name[: SHOWN_NAME - 1]}…"
