"""The keys that sign the URLs of media: the graph mints with the first, the origin and the edges verify with all."""

from __future__ import annotations

import msgspec

from config.errors import InvalidSetting
from config.settings.reader import Environment, Reader
from config.settings.secret import Secret, is_key


class EdgeKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the Segue token; the first of the list mints, all of them verify."""

    key_id: str
    secret: Secret


def edge_keys(environment: Environment) -> tuple[EdgeKey, ...]:
    """Read `SEGUE_EDGE_KEYS`: `id:secret` pairs parted by commas, the minting key first, secrets as hex digits."""
    keys = tuple(_edge_key(pair) for pair in Reader(environment).items("SEGUE_EDGE_KEYS"))
    if not keys:
        raise InvalidSetting("SEGUE_EDGE_KEYS", "needs at least one `id:hex` pair")
    return keys


def _edge_key(pair: str) -> EdgeKey:
    key_id, _, secret = pair.partition(":")
    if not (key_id.isalnum() and is_key(secret)):
        # The secret is not echoed: a message may end up in a log.
        raise InvalidSetting(
            "SEGUE_EDGE_KEYS", f"key {key_id!r} must be an alphanumeric id, `:` and 64 or more hex digits"
        )
    return EdgeKey(key_id=key_id, secret=Secret(secret))
