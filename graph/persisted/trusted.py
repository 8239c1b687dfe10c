"""The documents that were built into our own clients, read when the process starts.

Either a folder, in which every `.graphql` file is one document, or a JSON file of texts by their SHA-256, as the
compilers of Relay and Apollo write it. A name that is not the SHA-256 of its text stops the process: a client would ask
for one document and be answered another.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from config.errors import InvalidSetting
from graph.persisted.wanted import DIGEST, digest_of

SETTING = "SEGUE_TRUSTED_DOCUMENTS"


def trusted_documents(place: str) -> dict[str, str]:
    """Texts by their digest; none without a place. Raises InvalidSetting."""
    if not place:
        return {}
    path = Path(place)
    try:
        if path.is_dir():
            texts = [file.read_text(encoding="utf-8") for file in sorted(path.rglob("*.graphql"))]
            return {digest_of(text): text for text in texts}
        return _verified(msgspec.json.decode(path.read_bytes(), type=dict[str, str]))
    except (OSError, ValueError) as error:
        raise InvalidSetting(SETTING, f"must be a folder or a JSON file that can be read: {error}") from error


def _verified(listed: dict[str, str]) -> dict[str, str]:
    named = {}
    for name, text in listed.items():
        digest = digest_of(text)
        given = DIGEST.fullmatch(name)
        if given is None or given[1].lower() != digest:
            raise InvalidSetting(SETTING, f"has the name {name!r} for a document whose SHA-256 is {digest}")
        named[digest] = text
    return named
