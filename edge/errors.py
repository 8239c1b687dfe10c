"""Errors of the edge package.

::

    EdgeError
    ├── InvalidGrant        ours: asked to mint, or to verify against, what no token can say
    └── TokenRejected       the peer's: whoever sends such a token is answered 403, whichever leaf it is
        ├── Malformed       not the text of a token
        ├── UnknownKey      names a key that this verifier does not hold
        ├── Forged          the MAC is another: a changed token, another key, or another directory
        └── Expired         genuine, and its time is over

The leaves are for logs and counters. A client learns nothing but 403: a cause would tell a forger how far they came.
"""

from __future__ import annotations


class EdgeError(Exception):
    """Root of the errors that this package raises."""

    code = "edge"
    retryable = False


class InvalidGrant(EdgeError):
    """A caller of ours passed a key, directory or expiry outside of the token's grammar; mend the call."""

    code = "invalid_grant"


class TokenRejected(EdgeError):
    """Refuse the request with 403; the listener gets a fresh URL by starting playback again."""

    code = "token_rejected"


class Malformed(TokenRejected):
    """The text is not a token of a version that we know."""

    code = "token_malformed"


class UnknownKey(TokenRejected):
    """The token names a key id that is not configured: keep a retired key until its last token has expired."""

    code = "token_unknown_key"


class Forged(TokenRejected):
    """The MAC does not belong to this token, this key and this directory."""

    code = "token_forged"


class Expired(TokenRejected):
    """The token was genuine until its expiry."""

    code = "token_expired"
