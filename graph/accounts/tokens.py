"""Access tokens: EdDSA-signed JWTs (RFC 7519, RFC 8037) that live for minutes and are never stored.

Rules: only `EdDSA` is accepted, so a token cannot choose a weaker algorithm (RFC 8725, 3.1); `kid` names the key;
`iss`, `sub`, `role`, `iat` and `exp` are required, `market` is there for an account that has one. The time and the key
are arguments: this module is pure.

Not here: refresh tokens, which are random and stored as digests (`graph.accounts.sessions`).
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from config.errors import InvalidSetting
from config.settings import Secret
from graph.errors import Unauthenticated
from graph.viewer import Role, Viewer

ALGORITHM = "EdDSA"
ISSUER = "segue"
REMEMBERED = 4096
"""Tokens whose signatures were checked, some megabytes; one check takes as long as two statements of a page."""
REQUIRED = ["iss", "sub", "role", "iat", "exp"]


class SigningKey:
    """An Ed25519 key, its id, derived from the public half, and a secret for refresh tokens, from the private one."""

    __slots__ = ("key_id", "private", "refresh_secret")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = hashlib.sha256(public).hexdigest()[:16]
        self.refresh_secret = hmac.digest(private.private_bytes_raw(), b"segue refresh tokens", "sha256")


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """A minted token and the second at which it ends."""

    text: str
    expires_at_s: int


def signing_key(pem: Secret) -> SigningKey:
    """Read the key of the setting. Raises InvalidSetting."""
    try:
        private = load_pem_private_key(pem.reveal().encode(), password=None)
    except ValueError:
        private = None  # the cause may quote the key
    if not isinstance(private, Ed25519PrivateKey):
        raise InvalidSetting("SEGUE_ACCESS_TOKEN_KEY", "must be an unencrypted Ed25519 private key in PEM form")
    return SigningKey(private)


def mint(
    user_id: UUID, role: Role, *, market: str | None = None, key: SigningKey, now_s: int, lifetime_s: int
) -> AccessToken:
    """Sign a token that is valid for `lifetime_s` seconds from `now_s`."""
    expires_at_s = now_s + lifetime_s
    claims = {"iss": ISSUER, "sub": str(user_id), "role": role.value, "iat": now_s, "exp": expires_at_s}
    if market is not None:
        claims["market"] = market
    text = jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.key_id})
    return AccessToken(text=text, expires_at_s=expires_at_s)


def verify(token: str, *, key: SigningKey, now_s: int) -> Viewer:
    """Read the viewer from a token. Raises Unauthenticated, which does not tell what is wrong with a forged one."""
    viewer = _signed(token, key)
    if viewer.token_expires_at_s <= now_s:
        raise Unauthenticated("The access token has expired: refresh the session.")
    return viewer


@lru_cache(REMEMBERED)
def _signed(token: str, key: SigningKey) -> Viewer:
    """What a token of ours says. It is asked with every request of a session, and what was signed does not change."""
    try:
        if jwt.get_unverified_header(token).get("kid") != key.key_id:
            raise Unauthenticated("The access token is not valid.")
        claims = jwt.decode(
            token,
            key.private.public_key(),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            # The clock is an argument, so the times are compared below.
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False},
        )
        viewer = Viewer(
            user_id=UUID(claims["sub"]),
            role=Role(claims["role"]),
            market=claims.get("market"),
            token_expires_at_s=int(claims["exp"]),
        )
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("The access token is not valid.") from error
    return viewer


def bearer(authorization: str) -> str:
    """The token in a header or `connection_init` value (RFC 6750, 2.1). Raises Unauthenticated."""
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Authorization has to be `Bearer <access token>`.")
    return token.strip()
