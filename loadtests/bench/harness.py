"""Rows, samples and the report: pure arithmetic over seconds that somebody else measured.

A row compares our samples with a baseline taken in the same run, because times on a shared machine mean little alone;
what is kept is their ratio. A row may carry a goal, a figure that the project promised: the report says whether it was
met, and nothing fails when it was not.
"""

from __future__ import annotations

import math
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


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison."""

    name: str
    ours: Samples
    baseline: Samples
    goal: Goal

    @property
    def ratio(self) -> float:
        """Our median over the baseline's: 2 means that ours takes twice as long."""
        return self.ours.median_s / self.baseline.median_s

    @property
    def met(self) -> bool:
        return self.ours.percentile_s(self.goal.percent) < self.goal.limit_s


def report(rows: list[Row]) -> str:
    """The rows as text for a terminal."""
    return "\n\n".join(_paragraph(row) for row in rows)


def to_json(rows: list[Row]) -> bytes:
    """The rows with every sample and the derived figures."""
    return msgspec.json.format(
        msgspec.json.encode(
            [
                {
                    **msgspec.to_builtins(row),
                    "ours_median_s": row.ours.median_s,
                    "ours_p95_s": row.ours.percentile_s(95),
                    "baseline_median_s": row.baseline.median_s,
                    "ratio": row.ratio,
                    "met": row.met,
                }
                for row in rows
            ]
        )
    )


def _paragraph(row: Row) -> str:
    goal = f"p{row.goal.percent:g} under {_time(row.goal.limit_s)}: {'met' if row.met else 'NOT MET'}"
    return "\n".join(
        (
            f"{row.name}  ({goal})",
            *(
                f"  {samples.label:<58} median {_time(samples.median_s):>9}   p95 {_time(samples.percentile_s(95)):>9}"
                f"   n={len(samples.seconds)}"
                for samples in (row.ours, row.baseline)
            ),
            f"  ratio of medians {row.ratio:.2f}",
        )
    )


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
