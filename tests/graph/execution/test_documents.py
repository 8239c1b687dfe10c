from typing import Any

import pytest

from graph.execution.documents import LONGEST_REMEMBERED, Checked, Documents
from graph.schema import schema

QUERY = "query Who { viewer { id displayName } }"


def counts(documents: Documents) -> tuple[int, int]:
    return documents.hits, documents.misses


@pytest.fixture
def documents() -> Documents:
    """The cache of the process's schema, emptied."""
    schema().documents.__init__()  # type: ignore[misc] # empties it
    return schema().documents


async def test_a_document_is_parsed_and_validated_once(
    ask: Any, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    for name in ("parse", "validate_document"):
        import strawberry.schema.schema as library  # noqa: PLC0415 -- patched where it is used

        original = getattr(library, name)

        def spy(*args: Any, _name: str = name, _original: Any = original, **arguments: Any) -> Any:
            calls.append(_name)
            return _original(*args, **arguments)

        monkeypatch.setattr(library, name, spy)
    for _ in range(5):
        assert await ask.data(QUERY) is None
    assert calls == ["parse", "validate_document"]
    assert counts(documents) == (4, 1)


async def test_variables_do_not_make_another_document(ask: Any, documents: Documents) -> None:
    for key in ("a", "b", "c"):
        assert await ask.data("query($id: ID!) { node(id: $id) { id } }", id=key) is None
    assert counts(documents) == (2, 1)


async def test_an_invalid_document_is_remembered_as_invalid(ask: Any, documents: Documents) -> None:
    bodies = [await ask("{ viewer { nothingLikeThis } }") for _ in range(3)]
    assert counts(documents) == (2, 1)
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


async def test_what_cannot_be_parsed_is_not_remembered(ask: Any, documents: Documents) -> None:
    for _ in range(2):
        assert await ask.codes("{ viewer {") == ["BAD_REQUEST"]
    assert counts(documents) == (0, 2)


async def test_a_document_of_too_many_tokens_is_not_parsed_to_its_end(ask: Any) -> None:
    body = await ask("{" + "viewer{id}" * 1000 + "}")
    assert body["errors"][0]["message"] == "Syntax Error: Document contains more than 2000 tokens. Parsing aborted."


async def test_a_document_beyond_a_limit_is_not_validated(
    ask: Any, documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("validated")

    monkeypatch.setattr("strawberry.schema.schema.validate_document", never)
    query = "{" + "".join(f"a{n}: viewer {{ id }} " for n in range(31)) + "}"
    for _ in range(2):
        body = await ask(query)
        assert [error["message"] for error in body["errors"]] == ["The document has aliases of 31; the limit is 30."]
    assert counts(documents) == (1, 1)


async def test_a_document_nested_beyond_the_stack_is_a_bad_request(ask: Any) -> None:
    assert await ask.codes("{viewer" * 900) == ["BAD_REQUEST"]


def test_the_document_that_was_seen_longest_ago_leaves_first() -> None:
    held = Documents(capacity=2)
    checked = Checked(None, ())  # type: ignore[arg-type] # the tree does not matter here
    held.put("a", checked)
    held.put("b", checked)
    assert held.get("a")
    held.put("c", checked)
    assert [held.get(text) is not None for text in "abc"] == [True, False, True]


async def test_a_document_that_is_mostly_comment_is_answered_and_not_kept(ask: Any, documents: Documents) -> None:
    query = "#" + "x" * LONGEST_REMEMBERED + "\n{ __typename }"
    for _ in range(2):
        assert await ask.data(query) == "Query"
    assert counts(documents) == (0, 2)
