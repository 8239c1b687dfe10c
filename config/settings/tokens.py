"""What a signed-in client holds: the key that signs it, and how long it is good."""

from __future__ import annotations

import msgspec

from config.settings.reader import Environment, Reader
from config.settings.secret import Secret


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The key that signs access tokens, and how long they and the refresh tokens are good."""

    key_pem: Secret
    access_lifetime_s: int
    refresh_lifetime_s: int


def token_settings(environment: Environment) -> TokenSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    return TokenSettings(
        key_pem=read.secret("SEGUE_ACCESS_TOKEN_KEY"),
        access_lifetime_s=read.integer("SEGUE_ACCESS_TOKEN_LIFETIME_S", 10 * 60),
        refresh_lifetime_s=read.integer("SEGUE_REFRESH_TOKEN_LIFETIME_S", 30 * 86400),
    )
