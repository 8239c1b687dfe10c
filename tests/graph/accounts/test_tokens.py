import base64
import json
from uuid import UUID

import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config.errors import InvalidSetting
from config.settings import Secret
from graph.accounts.tokens import SigningKey, bearer, mint, signing_key, verify
from graph.errors import Unauthenticated
from graph.viewer import Role, Viewer

USER = UUID("0190a5c4-7d2e-7aaa-8bbb-0123456789ab")
NOW_S = 1_800_000_000

# The key pair of RFC 8037, appendix A.1 and A.2.
PRIVATE = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
PUBLIC = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(PRIVATE))


def minted(**changes: int) -> str:
    return mint(USER, Role.ARTIST, key=KEY, **{"now_s": NOW_S, "lifetime_s": 600, **changes}).text


def signed(claims: dict[str, object], *, algorithm: str = "EdDSA", key: object = KEY.private) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": KEY.key_id})  # type: ignore[arg-type] # any key


CLAIMS = {"iss": "segue", "sub": str(USER), "role": "artist", "iat": NOW_S, "exp": NOW_S + 600}


def test_the_signature_is_that_of_rfc_8037_by_another_library() -> None:
    header, payload, signature = minted().split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    Ed25519PublicKey.from_public_bytes(PUBLIC).verify(raw, f"{header}.{payload}".encode())
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(PUBLIC).verify(raw, f"{header}.{payload}x".encode())


def test_the_claims_are_who_what_and_until_when() -> None:
    header, payload, _ = (part + "=" * (-len(part) % 4) for part in minted().split("."))
    assert json.loads(base64.urlsafe_b64decode(payload)) == CLAIMS
    assert json.loads(base64.urlsafe_b64decode(header)) == {"alg": "EdDSA", "typ": "JWT", "kid": KEY.key_id}


def test_verifies_to_the_viewer() -> None:
    expected = Viewer(user_id=USER, role=Role.ARTIST, token_expires_at_s=NOW_S + 600)
    assert verify(minted(), key=KEY, now_s=NOW_S + 599) == expected


def test_ends_at_the_very_second() -> None:
    with pytest.raises(Unauthenticated, match="has expired"):
        verify(minted(), key=KEY, now_s=NOW_S + 600)


FOREIGN = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("a.b.c", id="garbage"),
        pytest.param(minted()[:-4] + "AAAA", id="another signature"),
        pytest.param(".".join([minted().split(".")[0], "e30", minted().split(".")[2]]), id="other claims"),
        pytest.param(mint(USER, Role.ADMIN, key=FOREIGN, now_s=NOW_S, lifetime_s=600).text, id="a foreign key"),
        pytest.param(signed(CLAIMS, key=FOREIGN.private), id="a foreign key under our key id"),
        pytest.param(signed(CLAIMS, algorithm="none", key=None), id="no algorithm"),
        pytest.param(signed(CLAIMS, algorithm="HS256", key="x" * 32), id="a shared secret"),
        pytest.param(signed({**CLAIMS, "iss": "another"}), id="another issuer"),
        pytest.param(signed({**CLAIMS, "role": "owner"}), id="a role that does not exist"),
        pytest.param(signed({**CLAIMS, "sub": "anna"}), id="a subject that is no key"),
        pytest.param(signed({name: value for name, value in CLAIMS.items() if name != "exp"}), id="no end"),
        pytest.param(signed({**CLAIMS, "exp": "later"}), id="an end that is no number"),
    ],
)
def test_a_forged_token_is_refused_and_does_not_learn_why(token: str) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        verify(token, key=KEY, now_s=NOW_S)
    assert str(refusal.value) == "The access token is not valid."


@pytest.mark.parametrize("text", ["Bearer abc", "bearer  abc ", " BEARER abc"])
def test_reads_the_token_of_a_header(text: str) -> None:
    assert bearer(text) == "abc"


@pytest.mark.parametrize("text", ["", "abc", "Bearer", "Bearer ", "Basic abc"])
def test_another_scheme_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        bearer(text)


def test_reads_a_key_in_pem() -> None:
    pem = KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert signing_key(Secret(pem)).key_id == KEY.key_id


@pytest.mark.parametrize(
    "pem", ["", "nothing like a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_what_is_no_key_is_named_and_not_shown(pem: str) -> None:
    with pytest.raises(InvalidSetting, match="SEGUE_ACCESS_TOKEN_KEY: must be an unencrypted Ed25519") as complaint:
        signing_key(Secret(pem))
    assert complaint.value.__cause__ is None
