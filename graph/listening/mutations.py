"""The listening fields of Mutation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from graph import ids
from graph.catalog.types import Track
from graph.context import Info
from graph.errors import ProblemCode, Refused, refused
from graph.listening.inputs import (
    PlayInput,
    PlayResult,
    ReportPlayInput,
    ReportPlayPayload,
    ReportPlaysInput,
    ReportPlaysPayload,
)
from graph.listening.plays import MOST_AT_ONCE, Report, Result
from graph.listening.service import report_plays
from graph.payloads import INPUT, UserError, UserErrors

NOBODYS = UUID(int=0)
"""Stands for what the id of a track does not name, so that one such id spoils no other play."""


async def _report(info: Info, plays: list[PlayInput], sent_at: datetime | None) -> list[Result]:
    reports = [
        Report(
            client_key=play.client_key,
            track_id=ids.find(Track.type_name, play.track_id) or NOBODYS,
            started_at=play.started_at,
            played_ms=play.played_ms,
        )
        for play in plays
    ]
    return await report_plays(
        info.context.services.pool,
        reports,
        listener_id=info.context.require_viewer().user_id,
        market=info.context.market,
        sent_at=sent_at,
        now=datetime.now(UTC),
    )


@strawberry.type
class ListeningMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description=(
            "Report a play once enough of it was heard, now or later. Once you have an answer it is kept; without one,"
            " report it again under the same key."
        ),
        extensions=[UserErrors(ReportPlayPayload)],
    )
    async def report_play(self, info: Info, given: Annotated[ReportPlayInput, INPUT]) -> ReportPlayPayload | None:
        (result,) = await _report(info, [given], given.sent_at)
        if result.problem is not None:
            raise Refused(result.problem)
        track = await info.context.reader.one(info, Track, result.report.track_id, under=("track",))
        return ReportPlayPayload(outcome=result.outcome, track=track)

    @strawberry.mutation(
        description="Report several plays at once, such as those of a journey without a network; any of them again.",
        extensions=[UserErrors(ReportPlaysPayload)],
    )
    async def report_plays(self, info: Info, given: Annotated[ReportPlaysInput, INPUT]) -> ReportPlaysPayload | None:
        if len(given.plays) > MOST_AT_ONCE:
            raise refused(ProblemCode.INVALID_VALUE, "plays", f"At most {MOST_AT_ONCE} plays at once.")
        results = await _report(info, given.plays, given.sent_at)
        return ReportPlaysPayload(
            results=[
                PlayResult(
                    client_key=result.report.client_key,
                    outcome=result.outcome,
                    problem=None if result.problem is None else UserError.of(result.problem),
                )
                for result in results
            ]
        )
