"""Rows, samples and the report: pure arithmetic over seconds that somebody else measured.

A row compares our samples with a baseline taken in the same run, because times on a shared machine mean little alone;
what is kept is their ratio. A row may carry a goal, a figure that the project promised: the report says whether it was
met, and nothing fails when it was not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import msgspec


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """Measured seconds of one thing, in the order they were taken."""

    label: str
    seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.seconds or min(self.seconds) < 0:
            raise ValueError(f"{self.label}: samples are there and not negative")

    @property
    def median_s(self) -> float:
        return median(self.seconds)

    def percentile_s(self, percent: float) -> float:
        """Nearest rank: the smallest sample that `percent` of the samples do not exceed."""
        ranked = sorted(self.seconds)
        return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A promised figure of our own samples: their `percent` percentile stays under `limit_s`."""

    percent: float
    limit_s: float

    def met(self, ours: Samples, _baseline: Samples) -> bool:
        return ours.percentile_s(self.percent) < self.limit_s

    def __str__(self) -> str:
        return f"p{self.percent:g} under {_time(self.limit_s)}"


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """A promised advantage: our median is at most the baseline's divided by `times`."""

    times: float

    def met(self, ours: Samples, baseline: Samples) -> bool:
        return ours.median_s * self.times <= baseline.median_s

    def __str__(self) -> str:
        return f"at least {self.times:g} times as fast"


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """A promised limit of what ours adds to the baseline, at the median and at the 99th percentile."""

    median_s: float
    p99_s: float

    def met(self, ours: Samples, baseline: Samples) -> bool:
        at_median, at_p99 = (ours.percentile_s(part) - baseline.percentile_s(part) for part in (50, 99))
        return at_median < self.median_s and at_p99 < self.p99_s

    def __str__(self) -> str:
        return f"adds under {_time(self.median_s)} at p50, {_time(self.p99_s)} at p99"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison."""

    name: str
    ours: Samples
    baseline: Samples
    goal: Goal | Pace | Added

    @property
    def ratio(self) -> float:
        """Our median over the baseline's: 2 means that ours takes twice as long."""
        return self.ours.median_s / self.baseline.median_s

    @property
    def met(self) -> bool:
        return self.goal.met(self.ours, self.baseline)


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """A row of its own kind: the most memory that something took, against what was promised."""

    name: str
    label: str
    megabytes: float
    limit_megabytes: float

    @property
    def met(self) -> bool:
        return self.megabytes < self.limit_megabytes


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What a server did under load: of each round, the answers a second and how long half and most of them took."""

    label: str
    per_second: tuple[float, ...]
    p50_s: tuple[float, ...]
    p99_s: tuple[float, ...]

    def __str__(self) -> str:
        rate, half, most = median(self.per_second), median(self.p50_s), median(self.p99_s)
        return f"{self.label:<58} {rate:>8.0f} a second   p50 {_time(half):>9}   p99 {_time(most):>9}"


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """A row of its own kind: what ours serves, and how many times as much as a baseline, where there is one."""

    name: str
    ours: Served
    baseline: Served | None = None
    times: float = 0
    """What was promised."""
    beside: tuple[Served, ...] = ()
    """Others, of which nothing was promised."""
    absent: str = ""
    """Why one of them is missing."""

    @property
    def ratio(self) -> float | None:
        """Our answers a second over the baseline's."""
        return None if self.baseline is None else median(self.ours.per_second) / median(self.baseline.per_second)

    @property
    def met(self) -> bool:
        return self.ratio is None or self.ratio >= self.times


AnyRow = Row | Peak | Load


def report(rows: Sequence[AnyRow]) -> str:
    """The rows as text for a terminal."""
    return "\n\n".join(_told(row) for row in rows)


def to_json(rows: Sequence[AnyRow]) -> bytes:
    """The rows with every sample and the derived figures."""
    return msgspec.json.format(msgspec.json.encode([{**msgspec.to_builtins(row), **_derived(row)} for row in rows]))


def _told(row: AnyRow) -> str:
    if isinstance(row, Row):
        return _paragraph(row)
    return _line(row) if isinstance(row, Peak) else _load(row)


def _derived(row: AnyRow) -> dict[str, float | bool | None]:
    if isinstance(row, Peak):
        return {"met": row.met}
    if isinstance(row, Load):
        return {"ratio": row.ratio, "met": row.met}
    return {
        "ours_median_s": row.ours.median_s,
        "ours_p95_s": row.ours.percentile_s(95),
        "baseline_median_s": row.baseline.median_s,
        "ratio": row.ratio,
        "met": row.met,
    }


def _paragraph(row: Row) -> str:
    goal = f"{row.goal}: {'met' if row.met else 'NOT MET'}"
    return "\n".join(
        (
            f"{row.name}  ({goal})",
            *(
                f"  {samples.label:<58} median {_time(samples.median_s):>9}   p95 {_time(samples.percentile_s(95)):>9}"
                f"   p99 {_time(samples.percentile_s(99)):>9}   n={len(samples.seconds)}"
                for samples in (row.ours, row.baseline)
            ),
            f"  ratio of medians {row.ratio:.2f}",
        )
    )


def _line(peak: Peak) -> str:
    goal = f"under {peak.limit_megabytes:g} MB: {'met' if peak.met else 'NOT MET'}"
    return f"{peak.name}  ({goal})\n  {peak.label:<58} peak   {peak.megabytes:>6.0f} MB"


def _load(load: Load) -> str:
    if load.baseline is None or load.ratio is None:
        return f"{load.name}\n  {load.ours}"
    goal = f"at least {load.times:g} times as many a second: {'met' if load.met else 'NOT MET'}"
    others = [str(one) for one in load.beside] + ([load.absent] if load.absent else [])
    lines = [f"{load.name}  ({goal})", str(load.ours), str(load.baseline), f"{load.ratio:.2f} times as many", *others]
    return "\n  ".join(lines)


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.001 else f"{seconds * 1_000_000:.0f} us"
