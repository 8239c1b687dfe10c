"""The rule of licences in words of Python, against which lists and playback are held."""

from collections.abc import Sequence
from datetime import datetime

from graph.licences.markets import EVERYWHERE
from graph.licences.rules import Licence


def may_be_heard(licences: Sequence[Licence], *, market: str | None, now: datetime) -> bool:
    return not licences or any(runs(licence, market=market, now=now) for licence in licences)


def runs(licence: Licence, *, market: str | None, now: datetime) -> bool:
    return (
        licence.market in (EVERYWHERE, market)
        and (licence.starts_at is None or licence.starts_at <= now)
        and (licence.ends_at is None or now < licence.ends_at)
    )
