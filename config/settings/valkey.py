"""Where the Valkey-protocol server is."""

from __future__ import annotations

import msgspec

from config.settings.reader import Environment, Reader
from config.settings.secret import Secret


class ValkeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the Valkey-protocol server is."""

    url: Secret
    timeout_s: float = 2.0


def valkey_settings(environment: Environment) -> ValkeySettings:
    read = Reader(environment)
    read.url("SEGUE_VALKEY_URL")
    return ValkeySettings(url=read.secret("SEGUE_VALKEY_URL"))
