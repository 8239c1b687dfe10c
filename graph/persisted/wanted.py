"""Which document a request asks for: its text, its hash, or both.

Two spellings of the hash. `documentId`, a member of the request beside `variables`, is that of the specification's
working group (`sha256:` and 64 hexadecimal digits); `extensions.persistedQuery` is that of Apollo's automatic persisted
queries. Both mean the SHA-256 of the text, so both name the same documents.

Pure. Not here: where the text of a hash is (`store`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

from graph.errors import BadRequest

DIGEST = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of its document; without both there is none."""

    text: str | None
    digest: str | None


NOTHING = Wanted(text=None, digest=None)


def wanted(text: str | None, document_id: object, extensions: Mapping[str, object] | None) -> Wanted:
    """Read a request. Raises BadRequest for a hash of another shape, and for one that is not the text's."""
    persisted = (extensions or {}).get("persistedQuery")
    if document_id is not None:
        digest = _digest(document_id, "documentId")
    elif persisted is not None:
        digest = _apollo(persisted)
    else:
        return Wanted(text=text or None, digest=None)
    if text and digest != digest_of(text):
        raise BadRequest("The hash is not that of the query: it has to be the SHA-256 of its text in UTF-8.")
    return Wanted(text=text or None, digest=digest)


def digest_of(text: str) -> str:
    """The name of a document: 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _apollo(persisted: object) -> str:
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise BadRequest("`extensions.persistedQuery` has to be an object of version 1.")
    return _digest(persisted.get("sha256Hash"), "extensions.persistedQuery.sha256Hash")


def _digest(value: object, name: str) -> str:
    found = DIGEST.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadRequest(f"`{name}` has to be the SHA-256 of the document: 64 hexadecimal digits.")
    return found[1].lower()
