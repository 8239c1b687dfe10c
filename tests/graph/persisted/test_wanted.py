import hashlib
from typing import Any

import pytest

from graph.errors import BadRequest
from graph.persisted.wanted import wanted

TEXT = "{ __typename }"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


def apollo(digest: object = DIGEST, version: object = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": digest}}


@pytest.mark.parametrize(
    ("text", "document_id", "extensions", "expected"),
    [
        pytest.param(TEXT, None, None, (TEXT, None), id="a text"),
        pytest.param("", None, {}, (None, None), id="nothing"),
        pytest.param(None, f"sha256:{DIGEST}", None, (None, DIGEST), id="an id with its prefix"),
        pytest.param(None, DIGEST.upper(), None, (None, DIGEST), id="an id in capitals"),
        pytest.param(None, None, apollo(), (None, DIGEST), id="Apollo's hash"),
        pytest.param(TEXT, None, apollo(), (TEXT, DIGEST), id="a text and its hash"),
    ],
)
def test_a_document_is_named_by_text_or_hash(
    text: str | None, document_id: object, extensions: Any, expected: tuple[str | None, str | None]
) -> None:
    found = wanted(text, document_id, extensions)
    assert (found.text, found.digest) == expected


@pytest.mark.parametrize(
    ("text", "document_id", "extensions"),
    [
        pytest.param(None, 7, None, id="an id that is a number"),
        pytest.param(None, "md5:abc", None, id="an id of another hash"),
        pytest.param(None, "", None, id="an empty id"),
        pytest.param("{ other }", DIGEST, None, id="the hash of another text"),
        pytest.param(None, None, apollo(version=2), id="another version"),
        pytest.param(None, None, apollo(digest=None), id="no hash"),
        pytest.param(None, None, {"persistedQuery": []}, id="a list"),
    ],
)
def test_a_name_of_another_shape_is_refused(text: str | None, document_id: object, extensions: Any) -> None:
    with pytest.raises(BadRequest):
        wanted(text, document_id, extensions)
