"""In which country a listener counts as being."""

from __future__ import annotations

import msgspec

from config.settings.reader import Environment, Reader


class MarketSettings(msgspec.Struct, frozen=True, kw_only=True):
    """In which country a listener counts as being who has chosen none."""

    country_header: str
    """In which the edge in front names the country of a request; empty: none does."""
    default: str | None
    """Of who comes from no country that is known; None: an unknown one."""


def market_settings(environment: Environment) -> MarketSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    return MarketSettings(
        country_header=read.text("SEGUE_COUNTRY_HEADER", "").lower(),
        default=read.country("SEGUE_DEFAULT_MARKET"),
    )
