"""Where clients fetch media and pictures, what signs the way there, and how long it leads somewhere."""

from __future__ import annotations

import msgspec

from config.settings.edge_keys import EdgeKey, edge_keys
from config.settings.lifetimes import PLAYBACK_LIFETIME_S, removal_delay_s
from config.settings.origin import ORIGIN_PORT
from config.settings.reader import Environment, Reader


class MediaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where clients fetch media and pictures, what signs the way there, and how long it leads somewhere."""

    origin_url: str
    edge_keys: tuple[EdgeKey, ...]
    playback_lifetime_s: int
    removal_delay_s: int


def media_settings(environment: Environment) -> MediaSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    return MediaSettings(
        origin_url=read.url("SEGUE_ORIGIN_URL", f"http://127.0.0.1:{read.port('SEGUE_ORIGIN_PORT', ORIGIN_PORT)}"),
        edge_keys=edge_keys(environment),
        playback_lifetime_s=read.integer("SEGUE_PLAYBACK_LIFETIME_S", PLAYBACK_LIFETIME_S),
        removal_delay_s=removal_delay_s(environment),
    )
