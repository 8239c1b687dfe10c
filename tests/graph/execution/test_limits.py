from typing import Any

import pytest
from graphql import get_introspection_query, parse

from config.settings import DocumentSettings
from graph.execution.limits import MAX_REPEATS, violations

LIMITS = DocumentSettings()


def nested(depth: int) -> str:
    return "{" + "a{" * (depth - 1) + "a" + "}" * depth


def many(fields: int) -> str:
    return "{" + " ".join(f"f{n}" for n in range(fields)) + "}"


@pytest.mark.parametrize(
    ("at_limit", "beyond", "word"),
    [
        pytest.param(nested(LIMITS.max_depth), nested(LIMITS.max_depth + 1), "depth", id="depth"),
        pytest.param(many(LIMITS.max_fields), many(LIMITS.max_fields + 1), "fields", id="fields beside each other"),
        pytest.param(
            "{" + "".join(f"a{n}: a " for n in range(LIMITS.max_aliases)) + "}",
            "{" + "".join(f"a{n}: a " for n in range(LIMITS.max_aliases + 1)) + "}",
            "aliases",
            id="aliases",
        ),
        pytest.param(
            "{a" + " @x" * LIMITS.max_directives + "}",
            "{a" + " @x" * (LIMITS.max_directives + 1) + "}",
            "directives",
            id="directives",
        ),
        pytest.param(
            "{" + "a " * (MAX_REPEATS + 1) + "}", "{" + "a " * (MAX_REPEATS + 2) + "}", "repeats", id="repeats"
        ),
        pytest.param("mutation{signIn}", "mutation{one: signIn two: signIn}", "signIn", id="two guesses of a password"),
        pytest.param(
            "mutation{...a} fragment a on Mutation{signIn}",
            "mutation{...a ...b} fragment a on Mutation{signIn} fragment b on Mutation{x: signIn}",
            "signIn",
            id="two guesses behind fragments",
        ),
    ],
)
def test_a_document_at_the_limit_passes_and_one_beyond_it_does_not(at_limit: str, beyond: str, word: str) -> None:
    assert violations(parse(at_limit), LIMITS) == []
    (sentence,) = violations(parse(beyond), LIMITS)
    assert word in sentence


def test_the_standard_introspection_query_passes() -> None:
    assert violations(parse(get_introspection_query()), LIMITS) == []


async def test_introspection_does_not_go_round_in_circles(ask: Any) -> None:
    circle = "{ __schema { types {" + "fields { type {" * 5 + "name" + "} }" * 5 + "} } }"
    body = await ask(circle)
    assert [error["message"] for error in body["errors"]] == ["Maximum introspection depth exceeded"]


def test_fragments_count_at_each_of_their_spreads() -> None:
    document = "{" + "...a " * 101 + "} fragment a on Query {" + "a b c d e f g h i j" + "}"
    assert violations(parse(document), LIMITS) == ["The document has fields of 1010; the limit is 1000."]


def test_fragments_that_double_are_measured_in_linear_time() -> None:
    doubling = " ".join(f"fragment f{n} on Query {{...f{n + 1} ...f{n + 1}}}" for n in range(150))
    document = parse(f"{{...f0}} {doubling} fragment f150 on Query {{x}}")
    (sentence,) = violations(document, LIMITS)  # expanding them would take longer than the universe is old
    assert sentence == "The document has fields of 1000000; the limit is 1000."


def test_a_fragment_inside_itself_is_left_to_validation() -> None:
    assert violations(parse("{...a} fragment a on Query {x ...a}"), LIMITS) == []


def test_an_unknown_fragment_is_left_to_validation() -> None:
    assert violations(parse("{...nowhere}"), LIMITS) == []
