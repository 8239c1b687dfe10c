"""The page is up to date by `segue schema --check`; here is that what it says can be used."""

import re
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse

from appliance.published.elements import own_types
from appliance.published.examples import example
from appliance.published.reference import reference
from config.settings import DocumentSettings
from graph.execution.documents import check
from graph.schema import printed

HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(#([^)]+)\)")


@pytest.fixture(scope="module")
def built() -> GraphQLSchema:
    return build_schema(printed())


@pytest.fixture(scope="module")
def page(built: GraphQLSchema) -> str:
    return reference(built)


def roots(built: GraphQLSchema) -> list[tuple[str, str, Any]]:
    types = {"query": built.query_type, "mutation": built.mutation_type, "subscription": built.subscription_type}
    return [(kind, name, field) for kind, root in types.items() if root for name, field in root.fields.items()]


def test_every_root_field_has_a_document_that_may_be_sent(built: GraphQLSchema, page: str) -> None:
    for operation, name, field in roots(built):
        document = example(built, operation, name, field)
        assert f"```graphql\n{document}\n```\n" in page
        assert check(parse(document), built, DocumentSettings()).errors == (), name


def test_a_document_asks_for_nothing_that_is_deprecated_or_needs_an_argument() -> None:
    schema = build_schema("""
        type Query { a: A }
        type A { id: ID @deprecated(reason: "Gone.") title(long: Int!): String of: B }
        type B { c: Int }
    """)
    assert schema.query_type
    document = example(schema, "query", "a", schema.query_type.fields["a"])
    assert " ".join(document.split()) == "query A { a { of { c } } }"


def test_every_link_leads_to_a_heading_and_no_two_are_alike(page: str) -> None:
    anchors = [re.sub(r"[^a-z0-9_-]", "", heading.lower().replace(" ", "-")) for heading in HEADING.findall(page)]
    assert len(anchors) == len(set(anchors))
    assert set(LINK.findall(page)) <= set(anchors)


def test_every_type_has_a_heading(built: GraphQLSchema, page: str) -> None:
    headings = set(HEADING.findall(page))
    assert {kind.name for kind in own_types(built)} <= headings


def test_every_row_of_a_table_has_its_cells(page: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)
    for table in tables:
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()} == {table.splitlines()[0].count("|")}
