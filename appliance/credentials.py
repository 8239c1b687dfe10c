"""The credentials of one home folder: made once, at random, and kept in one file that only its owner reads.

One file, written aside and renamed, so that there are all of them or none. Not here: deriving the processes' settings
from them (`appliance.home`).
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

from appliance.errors import HomeDamaged

MODE = 0o600
KEY_BYTES = 32


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Every value is a string of URL-safe characters, but for the PEM block; `repr` shows none."""

    postgres_admin_password: str
    postgres_password: str
    valkey_password: str
    s3_access_key: str
    s3_secret_key: str
    edge_key_id: str
    edge_key: str
    """Hex digits."""
    access_token_key: str
    """An Ed25519 private key as PKCS#8 in PEM."""
    content_key: str = ""
    """Hex digits, from which the keys of protected media follow; empty in the file of a home made before there were."""

    def __repr__(self) -> str:
        return "Credentials(...)"


def make() -> Credentials:
    """Draw new ones."""
    return Credentials(
        postgres_admin_password=secrets.token_hex(KEY_BYTES),
        postgres_password=secrets.token_hex(KEY_BYTES),
        valkey_password=secrets.token_hex(KEY_BYTES),
        s3_access_key=secrets.token_hex(10),
        s3_secret_key=secrets.token_hex(KEY_BYTES),
        edge_key_id=secrets.token_hex(4),
        edge_key=secrets.token_hex(KEY_BYTES),
        access_token_key=_ed25519_pem(),
        content_key=secrets.token_hex(KEY_BYTES),
    )


def completed(held: Credentials) -> Credentials:
    """The same, with what an older home lacks drawn anew."""
    return held if held.content_key else msgspec.structs.replace(held, content_key=secrets.token_hex(KEY_BYTES))


def store(file: Path, values: Credentials) -> None:
    """Write the file; after a crash at any point it is there whole or not at all."""
    aside = file.with_suffix(".new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(values)) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(file)


def load(file: Path) -> Credentials:
    """Read the file. Raises HomeDamaged when it is not what :func:`store` wrote, OSError when it cannot be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Credentials)
    except msgspec.DecodeError as error:
        raise HomeDamaged(
            f"{file} is not readable as credentials; put it back from a backup, or move the folder away to start anew"
        ) from error


def _ed25519_pem() -> str:
    # Imported here: a start on an existing home does not need it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 -- see above
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 -- see above
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
