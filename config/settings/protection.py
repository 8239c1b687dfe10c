"""Where the keys of protected media come from, and how long each is used."""

from __future__ import annotations

import msgspec

from config.errors import InvalidSetting
from config.settings.reader import Environment, Reader
from config.settings.secret import Secret, is_key


class ProtectionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the keys of protected media come from, and how long each is used."""

    content_key_secret: Secret | None
    """Hex digits; None where a key server is asked instead."""
    speke_url: str
    """Of that key server; empty: none."""
    speke_authorization: Secret
    """The value of the header; may be empty."""
    segments_per_period: int | None
    """None: one key for a whole asset."""


def protection_settings(environment: Environment) -> ProtectionSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    speke_url = read.url("SEGUE_SPEKE_URL") if read.text("SEGUE_SPEKE_URL", "") else ""
    return ProtectionSettings(
        content_key_secret=None if speke_url else _content_key_secret(read),
        speke_url=speke_url,
        speke_authorization=Secret(read.text("SEGUE_SPEKE_AUTHORIZATION", "")),
        segments_per_period=read.integer("SEGUE_CRYPTO_PERIOD_SEGMENTS", 225, at_least=0) or None,
    )


def _content_key_secret(read: Reader) -> Secret:
    secret = read.secret("SEGUE_CONTENT_KEY_SECRET")
    if not is_key(secret.reveal()):
        raise InvalidSetting("SEGUE_CONTENT_KEY_SECRET", "must be 64 or more hex digits")
    return secret
