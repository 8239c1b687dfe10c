import time
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from graph.execution.limits import MAX_ALIASES, MAX_DEPTH, MAX_DIRECTIVES, MAX_FIELDS, violations


def nested(depth: int) -> str:
    return "{" + "a{" * (depth - 1) + "a" + "}" * depth


@pytest.mark.parametrize(
    ("at_limit", "beyond", "word"),
    [
        pytest.param(nested(MAX_DEPTH), nested(MAX_DEPTH + 1), "depth", id="depth"),
        pytest.param(
            "{" + "a " * MAX_FIELDS + "}", "{" + "a " * (MAX_FIELDS + 1) + "}", "fields", id="fields beside each other"
        ),
        pytest.param(
            "{" + "".join(f"a{n}: a " for n in range(MAX_ALIASES)) + "}",
            "{" + "".join(f"a{n}: a " for n in range(MAX_ALIASES + 1)) + "}",
            "aliases",
            id="aliases",
        ),
        pytest.param(
            "{a" + " @x" * MAX_DIRECTIVES + "}",
            "{a" + " @x" * (MAX_DIRECTIVES + 1) + "}",
            "directives",
            id="directives",
        ),
        pytest.param(
            "{a(first: 100){edges{node{b(first: 100){edges{node{c}}}}}}}",
            "{a(first: 100){edges{node{b(first: 100){edges{node{c(first: 1){edges{cursor}}}}}}}}}",
            "nodes",
            id="full pages inside each other",
        ),
        pytest.param(
            "query($n: Int){a(first: $n){edges{node{b(first: $n){...e}}}}} fragment e on B {edges{cursor}}",
            "query($n: Int){a(first: $n){edges{node{b(first: $n){...e}}}}}"
            " fragment e on B {edges{node{c(first: $n){edges{cursor}}}}}",
            "nodes",
            id="pages of a variable's size behind a fragment",
        ),
        pytest.param(
            "{a{edges{node{b{edges{node{c{edges{cursor}}}}}}}}}",
            "{a{edges{node{b{edges{node{c(first: 50){edges{cursor}}}}}}}}}",
            "nodes",
            id="pages of the default size",
        ),
        pytest.param(
            "{nodes(ids: [1]){a(first: 100){edges{node{b(first: 100){edges{cursor}}}}}}}",
            "{nodes(ids: [1, 2]){a(first: 100){edges{node{b(first: 100){edges{cursor}}}}}}}",
            "nodes",
            id="pages of each of several ids",
        ),
        pytest.param(
            "query($ids: [ID!]!){nodes(ids: $ids){a(first: 100){edges{cursor}}}}",
            "query($ids: [ID!]!){nodes(ids: $ids){a(first: 100){edges{node{b(first: 1){edges{cursor}}}}}}}",
            "nodes",
            id="pages of the ids of a variable",
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
    assert violations(parse(at_limit)) == []
    (sentence,) = violations(parse(beyond))
    assert word in sentence


@pytest.mark.parametrize("size", ["-99999", "0", "9" * 5000])
def test_a_page_that_cannot_be_makes_no_room_for_others(size: str) -> None:
    document = (
        f"{{x(first: {size}){{edges{{cursor}}}} y(first: 200){{edges{{node{{z(first: 100){{edges{{cursor}}}}}}}}}}}}"
    )
    (sentence,) = violations(parse(document))
    assert "nodes" in sentence


def test_the_standard_introspection_query_passes() -> None:
    assert violations(parse(get_introspection_query())) == []


async def test_introspection_does_not_go_round_in_circles(ask: Any) -> None:
    circle = "{ __schema { types {" + "fields { type {" * 5 + "name" + "} }" * 5 + "} } }"
    body = await ask(circle)
    assert [error["message"] for error in body["errors"]] == ["Maximum introspection depth exceeded"]


def test_fragments_count_at_each_of_their_spreads() -> None:
    document = "{" + "...a " * 101 + "} fragment a on Query {" + "x " * 10 + "}"
    assert violations(parse(document)) == ["The document has fields of 1010; the limit is 1000."]


def test_fragments_that_double_are_measured_in_linear_time() -> None:
    doubling = " ".join(f"fragment f{n} on Query {{...f{n + 1} ...f{n + 1}}}" for n in range(150))
    document = parse(f"{{...f0}} {doubling} fragment f150 on Query {{x}}")
    started = time.perf_counter()
    (sentence,) = violations(document)
    assert time.perf_counter() - started < 1.0  # expanding them would take longer than the universe is old
    assert sentence == "The document has fields of 1000000; the limit is 1000."


def test_a_fragment_inside_itself_is_left_to_validation() -> None:
    assert violations(parse("{...a} fragment a on Query {x ...a}")) == []


def test_an_unknown_fragment_is_left_to_validation() -> None:
    assert violations(parse("{...nowhere}")) == []
