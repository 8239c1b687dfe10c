import re
from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from graph.execution.cost import CEILING, Kind, demands


def cost(document: str, **variables: Any) -> int:
    (demand,) = demands(parse(document)).values()
    return demand.cost(variables)


PAGE = "edges { node { title } }"


@pytest.mark.parametrize(
    ("document", "points"),
    [
        pytest.param("{ a }", 0, id="a column"),
        pytest.param("{ a { b c } }", 1, id="an object"),
        pytest.param("{ a { b { c } d { c } } }", 3, id="objects in an object"),
        pytest.param(f"{{ a(first: 5) {{ {PAGE} }} }}", 1 + 5 * 1, id="a page"),
        pytest.param(f"{{ a(last: 5) {{ {PAGE} }} }}", 1 + 5 * 1, id="a page from the end"),
        pytest.param(f"{{ a {{ {PAGE} }} }}", 1 + 20 * 1, id="a page of the default size"),
        pytest.param("{ a(first: 5) { edges { node { artist { name } } } } }", 1 + 5 * 2, id="an object in each row"),
        pytest.param(
            f"{{ a(first: 5) {{ edges {{ node {{ b(first: 3) {{ {PAGE} }} }} }} }} }}", 26, id="a page in each row"
        ),
        pytest.param("{ a(first: 5) { totalCount } }", 1 + 5, id="a count and no row"),
        pytest.param("{ a(first: 9) { pageInfo { hasNextPage } } }", 1 + 9, id="the ends of a page that is not shown"),
        pytest.param(f"{{ a(first: 9) {{ {PAGE} totalCount }} }}", 1 + 9 + 5, id="a count beside a page"),
        pytest.param(
            f"{{ a(first: 9) {{ ...p }} }} fragment p on C {{ {PAGE} totalCount }}", 1 + 9 + 5, id="both in a fragment"
        ),
        pytest.param("{ a { ...f @defer } } fragment f on T { b { c } }", 1 + 1 + 1, id="a deferred fragment"),
        pytest.param(
            "{ a(first: 9) { edges { node { ... @defer { c } } } } }", 1 + 9 * (1 + 1), id="a deferred part of each row"
        ),
        pytest.param("{ nodes(ids: [1, 2, 3]) { id ... on T { b { c } } } }", 1 + 3 * 2, id="several by their ids"),
        pytest.param(f"{{ search(first: 2) {{ {PAGE} }} }}", 10 + 2, id="a search"),
        pytest.param("mutation { a { b } }", 10 + 1, id="a change"),
        pytest.param("mutation { signIn { session { id } } }", 10 + 100 + 1, id="a password"),
        pytest.param("subscription { a { b } }", 10 + 1, id="a stream"),
        pytest.param(f"{{ a(first: 5) {{ ...e }} }} fragment e on C {{ {PAGE} }}", 6, id="a page behind a fragment"),
        pytest.param("{ a { ...f ...f } } fragment f on T { b { c } }", 3, id="a fragment at each of its spreads"),
        pytest.param("{ __schema { types { name } } }", 2, id="introspection"),
    ],
)
def test_objects_rows_and_what_is_dear_cost(document: str, points: int) -> None:
    assert cost(document) == points


SIZED = "query($n: Int = 7, $ids: [ID!]) { a(first: $n) { edges { node { b } } } nodes(ids: $ids) { id } }"


@pytest.mark.parametrize(
    ("variables", "points"),
    [
        pytest.param({"n": 3, "ids": ["x", "y"]}, (1 + 3) + (1 + 2), id="as given"),
        pytest.param({"ids": []}, (1 + 7) + 1, id="the default of the variable"),
        pytest.param({"n": 3}, (1 + 3) + (1 + 100), id="ids that are missing"),
        pytest.param({"n": "many", "ids": ["x"]}, (1 + 100) + (1 + 1), id="a size that is a text"),
        pytest.param({"n": -5, "ids": ["x"]}, (1 + 1) + (1 + 1), id="a size below 1"),
        pytest.param({"n": 10**9, "ids": ["x"]}, (1 + 100) + (1 + 1), id="a size beyond every page"),
    ],
)
def test_a_page_in_a_variable_costs_what_is_given(variables: dict[str, Any], points: int) -> None:
    assert cost(SIZED, **variables) == points


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        pytest.param("query { a }", Kind.QUERY, id="a query"),
        pytest.param("mutation { like { id } }", Kind.MUTATION, id="a mutation"),
        pytest.param(
            "mutation { like { id } ...s } fragment s on Mutation { signUp { id } }", Kind.CREDENTIALS, id="a password"
        ),
        pytest.param("subscription { a }", Kind.SUBSCRIPTION, id="a subscription"),
    ],
)
def test_an_operation_is_of_one_class(operation: str, kind: Kind) -> None:
    (demand,) = demands(parse(operation)).values()
    assert demand.kind is kind


def test_each_operation_of_a_document_has_its_own_price() -> None:
    found = demands(parse("query A { a { b } } query B { a { b { c } } }"))
    assert {name: demand.cost({}) for name, demand in found.items()} == {"A": 1, "B": 2}


def test_fragments_that_double_are_summed_in_linear_time() -> None:
    doubling = " ".join(f"fragment f{n} on Q {{ ...f{n + 1} ...f{n + 1} }}" for n in range(150))
    document = f"query($n: Int) {{ ...f0 }} {doubling} fragment f150 on Q {{ a(first: $n) {{ edges {{ cursor }} }} }}"
    assert cost(document, n=3) == CEILING  # expanding them would take longer than the universe is old


def test_a_fragment_inside_itself_and_one_that_is_missing_cost_nothing_there() -> None:
    assert cost("{ a { ...f ...nowhere } } fragment f on T { b { c } ...f }") == 2


def test_the_example_of_the_page_costs_what_the_page_says() -> None:
    page = (Path(__file__).parents[3] / "docs/protocol.md").read_text()
    *_, example = re.findall(r"^```graphql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (told,) = re.findall(r"20 for their rows: (\d+)\.", page)
    assert cost(example) == int(told)
