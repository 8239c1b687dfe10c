"""Dates and times as clients see them: what Strawberry reads and writes, with where that is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition

RFC3339 = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"

SCALARS = {
    date: replace(DateDefinition, description="A day, such as 2026-02-28.", specified_by_url=RFC3339),
    datetime: replace(
        DateTimeDefinition,
        description="A moment with its offset from UTC, such as 2026-02-28T12:00:00Z.",
        specified_by_url=RFC3339,
    ),
}
