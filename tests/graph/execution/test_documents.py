from importlib import import_module
from typing import Any

import pytest

from graph.execution.documents import LONGEST_REMEMBERED, Checked, Documents
from graph.schema import schema

QUERY = "query Who { viewer { id displayName } }"


def import_string(place: str) -> Any:
    module, _, name = place.rpartition(".")
    return getattr(import_module(module), name)


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
    for place in ("strawberry.schema.schema.parse", "graph.execution.documents.validate"):
        original = import_string(place)

        def spy(*args: Any, _name: str = place, _original: Any = original, **arguments: Any) -> Any:
            calls.append(_name)
            return _original(*args, **arguments)

        monkeypatch.setattr(place, spy)
    for _ in range(5):
        assert await ask.data(QUERY) is None
    assert calls == ["strawberry.schema.schema.parse", "graph.execution.documents.validate"]
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

    monkeypatch.setattr("graph.execution.documents.validate", never)
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


@pytest.mark.parametrize(
    ("literal", "variable"),
    [
        pytest.param("{ end: END, after: null }", {"end": "END", "after": None}, id="two ways, one of them null"),
        pytest.param("{ after: null }", {"after": None}, id="one way that is null"),
        pytest.param("{}", {}, id="no way"),
    ],
)
async def test_an_input_of_one_way_takes_exactly_one(ask: Any, literal: str, variable: dict[str, Any]) -> None:
    add = "addPlaylistEntries(input: { playlistId: 1, trackIds: [], place: %s }) { revision }"
    assert await ask.codes(f"mutation {{ {add % literal} }}") == ["BAD_REQUEST"]
    assert await ask.codes(f"mutation($p: PlaylistPlace!) {{ {add % '$p'} }}", p=variable) == ["BAD_REQUEST"]
