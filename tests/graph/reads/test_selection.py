"""What an operation selects, on the schema of the product."""

from typing import Any

import pytest
from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode, parse
from graphql.execution.values import get_variable_values

from graph.reads.models import Models, models_of
from graph.reads.selection import Document, PageOf, Rows, arguments_of, descend, page_under, rows_under
from graph.schema import schema


@pytest.fixture(scope="module")
def models() -> Models:
    return models_of(schema())


def opened(text: str, **variables: Any) -> tuple[FieldNode, Document]:
    """The only root field of a document."""
    parsed = parse(text)
    operation = next(node for node in parsed.definitions if isinstance(node, OperationDefinitionNode))
    coerced: Any = get_variable_values(schema()._schema, operation.variable_definitions or (), variables)
    fragments = {node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)}
    root = operation.selection_set.selections[0]
    assert isinstance(root, FieldNode)
    return root, Document(fragments=fragments, variables=coerced.coerced)


def rows(models: Models, type_name: str, text: str, **variables: Any) -> Rows:
    root, document = opened(text, **variables)
    return rows_under([root], type_name, models, document)


def page(models: Models, text: str) -> PageOf:
    """Of the artist's albums, which the root has to select first."""
    (listing,) = rows(models, "Artist", text).listings
    return listing.page


def test_columns_are_those_selected_once_each_in_their_order(models: Models) -> None:
    found = rows(models, "Track", '{ track(id: "x") { title durationMs name: title __typename } }')
    assert (found.columns, found.with_id, found.relations, found.listings) == (("title", "duration_ms"), False, {}, ())


def test_the_id_is_made_of_the_key_and_is_no_column(models: Models) -> None:
    found = rows(models, "Track", '{ track(id: "x") { id } }')
    assert (found.columns, found.with_id) == ((), True)


def test_a_computed_field_selects_what_it_needs(models: Models) -> None:
    assert rows(models, "Image", '{ image(id: "x") { files { url } } }').columns == ("sizes",)


def test_aliases_of_a_relation_are_read_as_one(models: Models) -> None:
    found = rows(models, "Track", '{ track(id: "x") { a: artist { id } b: artist { name image { color } } } }')
    artist = found.relations["artist"]
    assert (artist.columns, artist.with_id, list(artist.relations)) == (("name",), True, ["image"])


def test_a_connection_is_read_once_for_each_set_of_arguments(models: Models) -> None:
    text = """{ artist(id: "x") {
        a: albums(first: 2) { totalCount }
        b: albums(first: 3) { pageInfo { endCursor } }
        c: albums(first: 2) { edges { cursor } }
    } }"""
    two, three = rows(models, "Artist", text).listings
    assert [node.alias.value for node in two.nodes if node.alias] == ["a", "c"]
    assert [node.alias.value for node in three.nodes if node.alias] == ["b"]
    assert (two.page.total_count, two.page.edges, two.page.cursor, two.page.page_info) == (True, True, True, False)
    assert (three.page.total_count, three.page.edges, three.page.page_info) == (False, False, True)


def test_a_connection_below_two_aliases_has_all_nodes_that_ask_for_it(models: Models) -> None:
    text = """{ track(id: "x") {
        a: artist { albums(first: 2) { edges { node { title } } } }
        b: artist { albums(first: 2) { edges { node { id } } } }
    } }"""
    (listing,) = rows(models, "Track", text).relations["artist"].listings
    assert len(listing.nodes) == 2
    assert (listing.page.rows.columns, listing.page.rows.with_id) == (("title",), True)


def test_edges_and_page_info_are_entered_through_fragments(models: Models) -> None:
    text = """
        { artist(id: "x") { albums { ...P } } }
        fragment P on AlbumConnection { ... { edges { ...E } } ... on AlbumConnection { pageInfo { ...I } } }
        fragment E on AlbumEdge { node { ... on Node { id } ...T } }
        fragment T on Album { title }
        fragment I on PageInfo { hasNextPage }
    """
    found = page(models, text)
    assert (found.edges, found.node, found.cursor, found.page_info) == (True, True, False, True)
    assert (found.rows.columns, found.rows.with_id) == (("title",), True)


@pytest.mark.parametrize("type_name", ["Track", "Album", "Image"])
def test_fragments_are_entered_where_their_type_holds(models: Models, type_name: str) -> None:
    text = """{ node(id: "x") {
        id ... on Track { title isrc } ... on Album { title releaseDate } ... on Illustrated { image { color } }
    } }"""
    found = rows(models, type_name, text)
    expected = {"Track": ("title", "isrc"), "Album": ("title", "release_date"), "Image": ()}
    assert (found.columns, found.with_id) == (expected[type_name], True)
    assert list(found.relations) == ([] if type_name == "Image" else ["image"])


def test_a_member_of_a_union_holds_its_fragments(models: Models) -> None:
    root, document = opened("""{ search(query: "x") { edges { node {
        ... on SearchResult { ... on Artist { name } ... on Track { title } }
    } } } }""")
    nodes = descend([root], ("edges", "node"), document)
    assert rows_under(nodes, "Artist", models, document).columns == ("name",)
    assert rows_under(nodes, "Track", models, document).columns == ("title",)
    assert rows_under(nodes, "Album", models, document).columns == ()


@pytest.mark.parametrize(
    ("skip", "include", "columns"),
    [(False, True, ("title", "isrc")), (True, True, ("isrc",)), (False, False, ("title",)), (True, False, ())],
)
def test_skip_and_include_are_kept(models: Models, skip: Any, include: Any, columns: tuple[str, ...]) -> None:
    text = """query($s: Boolean!, $i: Boolean = false) { track(id: "x") {
        title @skip(if: $s) ... @include(if: $i) { isrc }
        explicit @include(if: false) duration: durationMs @skip(if: true)
    } }"""
    assert rows(models, "Track", text, s=skip, i=include).columns == columns


def test_both_directives_have_to_let_a_field_in(models: Models) -> None:
    text = '{ track(id: "x") { title @include(if: true) @skip(if: true) isrc @skip(if: false) @include(if: true) } }'
    assert rows(models, "Track", text).columns == ("isrc",)


def test_arguments_have_their_python_names_and_defaults(models: Models) -> None:
    root, document = opened('query($n: Int = 7) { search(query: "x", kinds: [TRACK], first: $n) { __typename } }')
    found = arguments_of(models.field_at("Query", ("search",)), root, document)
    assert found == {"words": "x", "kinds": [2], "first": 7, "after": None}


def test_what_stands_below_a_payload_is_found_under_any_alias(models: Models) -> None:
    root, document = opened(
        """mutation($in: WithdrawTrackInput!) { withdrawTrack(input: $in) {
            userErrors { code } a: track { title } ... on WithdrawTrackPayload { b: track { isrc } }
        } }""",
        **{"in": {"trackId": "x"}},
    )
    nodes = descend([root], ("track",), document)
    assert rows_under(nodes, "Track", models, document).columns == ("title", "isrc")
    assert descend([root], ("track", "album"), document) == ()


def test_every_field_of_an_entity_is_declared(models: Models) -> None:
    assert {"Artist", "Album", "Track", "Image", "User"} <= models.of_interface("Node")


def test_a_page_of_counts_reads_no_rows(models: Models) -> None:
    root, document = opened('{ artist(id: "x") { albums { totalCount } } }')
    (albums,) = descend([root], ("albums",), document)
    field = models.field_at("Artist", ("albums",))
    found = page_under([albums], field, "Album", models, document)
    assert (found.edges, found.page_info, found.total_count) == (False, False, True)
