"""What the reader reads, in how many statements, and what it answers when it cannot."""

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest
import strawberry
from graphql import execute, parse

from graph import ids
from graph.keys import new_key
from graph.node import Node
from graph.reads import planning, statements
from graph.reads.declarations import Column, Entity
from graph.reads.models import Undeclared, models_of
from graph.reads.statements import Part
from tests.graph.statements import indexes_of, sent_through


def shelf_id(key: UUID) -> str:
    return ids.encode("Shelf", key)


def book_id(key: UUID) -> str:
    return ids.encode("Book", key)


async def test_statements_do_not_grow_with_the_page(library: Any) -> None:
    text = """query($n: Int!) { books(first: $n) {
        totalCount
        edges { node { title shelf { name best { place } books(first: $n) { edges { node { twin { id } } } } } } }
    } }"""
    taken = []
    for size in (1, 5, 60):
        async with sent_through(library.pool) as statements:
            await library.data(text, n=size)
        taken.append(len(statements))
    # The page with its shelves, its count, the best of each with its place, the shelves' pages with their twins.
    assert taken == [4, 4, 4]


async def test_a_row_that_is_looked_up_has_rules_and_connections_of_its_own(library: Any) -> None:
    """A shelf's best book is joined to it, under the rule of who sees it, and followed to its own shelf and page."""
    text = "query($id: ID!) { shelf(name: $id) { best { title shelf { books(first: 3) { edges { node { id } } } } } } }"
    best = next(book for book in library.books if not book.hidden and book.year > 3)
    of_shelf = sorted(
        [book for book in library.seen(None) if book.shelf == best.shelf],
        key=lambda book: (book.title.encode(), book.id.int),
    )
    found = (await library.data(text, id=shelf_id(library.shelves[0])))["shelf"]["best"]
    assert [edge["node"]["id"] for edge in found["shelf"]["books"]["edges"]] == [book_id(b.id) for b in of_shelf[:3]]
    await library.pool.execute("UPDATE books SET hidden = true, owner_id = gen_random_uuid() WHERE id = $1", best.id)
    for asked in (text, "query($id: ID!) { shelf(name: $id) { best { title } } }"):
        assert (await library.data(asked, id=shelf_id(library.shelves[0])))["shelf"]["best"] is None


async def test_only_what_is_selected_is_read(library: Any) -> None:
    async with sent_through(library.pool) as statements:
        await library.data("{ books(first: 1) { edges { node { title } } } }")
    (text,) = statements
    assert "book.title" in text
    assert all(unread not in text for unread in ("place.name", "JOIN", "shelf_id", "count(", "book.year"))


async def test_a_count_alone_reads_no_page(library: Any) -> None:
    async with sent_through(library.pool) as statements:
        data = await library.data("{ books(first: 1) { totalCount } }")
    assert data["books"]["totalCount"] == len(library.seen(None))
    (text,) = statements
    assert "count(*)" in text


async def test_aliases_have_pages_of_their_own(library: Any) -> None:
    text = """query($id: ID!) { shelf(name: $id) {
        a: books(first: 1) { ...P } b: books(last: 1) { ...P } c: books(first: 1, orderBy: NEWEST) { ...P }
    } } fragment P on BookConnection { edges { node { id } } }"""
    books = [book for book in library.seen(None) if book.shelf == library.shelves[0]]
    shelf = (await library.data(text, id=shelf_id(library.shelves[0])))["shelf"]
    found = {alias: page["edges"][0]["node"]["id"] for alias, page in shelf.items()}
    by_title = sorted(books, key=lambda book: (book.title.encode(), book.id.int))
    assert found == {
        "a": book_id(by_title[0].id),
        "b": book_id(by_title[-1].id),
        "c": book_id(min(books, key=lambda book: (-book.year, -book.id.int)).id),
    }


async def test_a_relation_under_two_aliases_has_what_each_selects(library: Any) -> None:
    text = """{ books(first: 3) { edges { node {
        a: shelf { name books(first: 1) { edges { node { id } } } }
        b: shelf { id books(first: 2) { totalCount } }
    } } } }"""
    data = await library.data(text)
    for edge in data["books"]["edges"]:
        assert set(edge["node"]["a"]) == {"name", "books"}
        assert set(edge["node"]["b"]) == {"id", "books"}
        assert edge["node"]["a"]["name"].startswith("SHELF")
        assert len(edge["node"]["a"]["books"]["edges"]) == 1
        assert set(edge["node"]["b"]["books"]) == {"totalCount"}


async def test_things_of_several_types_are_read_by_one_statement_each(library: Any) -> None:
    hidden = next(book for book in library.books if book.hidden)
    shown = [book for book in library.books if not book.hidden][:3]
    names = [f"Shelf {library.shelves[0]}", *(f"Book {book.id}" for book in (hidden, *shown)), f"Book {new_key()}"]
    text = """query($names: [String!]!) { anything(names: $names) {
        __typename ... on Node { id } ... on Shelf { name } ... on Book { label }
    } }"""
    async with sent_through(library.pool) as statements:
        found = (await library.data(text, names=names))["anything"]
    assert len(statements) == 2
    assert found[0] == {"__typename": "Shelf", "id": shelf_id(library.shelves[0]), "name": "SHELF 0"}
    assert [found[1], found[-1]] == [None, None]
    assert [one["label"] for one in found[2:-1]] == [f"{book.title} ({book.year})" for book in shown]


async def test_members_of_a_list_are_read_together(library: Any) -> None:
    library.stands[:] = [book.id for book in library.books[:20]]
    async with sent_through(library.pool) as statements:
        found = (await library.data("{ stand { book { title shelf { name } } } }"))["stand"]
    assert len(statements) == 1
    expect = [None if book.hidden else book.title for book in library.books[:20]]
    assert [one["book"] and one["book"]["title"] for one in found] == expect


async def test_a_relation_s_own_condition_hides_what_does_not_fulfil_it(library: Any) -> None:
    data = await library.data("{ books(first: 100) { edges { node { year twin { year } } } } }")
    for edge in data["books"]["edges"]:
        year = edge["node"]["year"]
        assert edge["node"]["twin"] == ({"year": year} if year > 3 else None)


async def test_a_relation_by_the_own_key_stands_beside_the_global_id(library: Any) -> None:
    data = await library.data("{ books(first: 100) { edges { node { id year twin { id } } } } }")
    for edge in data["books"]["edges"]:
        book = edge["node"]
        assert book["twin"] == ({"id": book["id"]} if book["year"] > 3 else None)


async def test_edges_have_columns_of_their_own(library: Any) -> None:
    shelf, lent = library.shelves[3], [book for book in library.books if not book.hidden][:3]
    days = [datetime(2024, 5, day, tzinfo=UTC) for day in (3, 1, 2)]
    records = [(shelf, book.id, day) for book, day in zip(lent, days, strict=True)]
    await library.pool.copy_records_to_table("loans", records=records)
    text = (
        "query($id: ID!) { shelf(name: $id) { lent { edges { lentOn cursor node { id } } pageInfo { endCursor } } } }"
    )
    page = (await library.data(text, id=shelf_id(shelf)))["shelf"]["lent"]
    assert [edge["lentOn"] for edge in page["edges"]] == ["on 2024-05-01", "on 2024-05-02", "on 2024-05-03"]
    assert [edge["node"]["id"] for edge in page["edges"]] == [book_id(lent[n].id) for n in (1, 2, 0)]
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]


async def test_wrong_arguments_are_an_error_of_their_own_field(library: Any) -> None:
    text = """query($id: ID!) { shelf(name: $id) {
        name wrong: books(first: 0) { totalCount } right: books(first: 1) { edges { node { id } } }
    } }"""
    answered = await library.answer(text, id=shelf_id(library.shelves[0]))
    assert [error.path for error in answered.errors] == [["shelf", "wrong"]]
    assert answered.data["shelf"]["wrong"] is None
    assert answered.data["shelf"]["name"] == "SHELF 0"
    assert len(answered.data["shelf"]["right"]["edges"]) == 1


async def test_a_cursor_of_another_order_is_refused(library: Any) -> None:
    text = "query($order: BookOrder!, $after: String) { books(after: $after, orderBy: $order) { edges { cursor } } }"
    page = (await library.data(text, order="TITLE"))["books"]
    answered = await library.answer(text, order="NEWEST", after=page["edges"][0]["cursor"])
    assert ["not a cursor of this connection" in error.message for error in answered.errors] == [True]


async def test_what_is_not_selected_of_a_payload_is_not_read(library: Any) -> None:
    async with sent_through(library.pool) as statements:
        await library.data("query($s: Boolean!) { stand @skip(if: $s) { book { id } } }", s=True)
    assert statements == []


async def test_a_document_is_planned_once(library: Any) -> None:
    document = parse("""query($n: Int!, $all: Boolean = false) { books(first: $n) { edges { node {
        title shelf { books(first: $n) { edges { node { id } } totalCount @include(if: $all) } }
    } } } }""")
    planned, found = [], []
    for variables in ({"n": 1}, {"n": 2}, {"n": 2, "all": True}):
        before = len(planning.pages)
        asker = library.asker()
        answered = await execute(library.schema._schema, document, context_value=asker, variable_values=variables)
        planned.append(len(planning.pages) - before)
        found.append(len(answered.data["books"]["edges"][0]["node"]["shelf"]["books"]["edges"]))
    assert (planned, found) == ([1, 0, 1], [1, 2, 2])


def test_a_field_that_is_not_declared_is_refused() -> None:
    @strawberry.type(name="Shelf")
    class Undeclaring(Node):
        entity: ClassVar[Entity] = Entity(
            type_name="Shelf", table="shelves", alias="shelf", columns={"name": Column(sql="shelf.name")}
        )
        colour: str

    @strawberry.type(name="Query")
    class Root:
        shelf: Undeclaring

    with pytest.raises(Undeclared, match="Shelf: colour"):
        models_of(strawberry.Schema(query=Root))


@pytest.mark.parametrize(
    ("order", "index"), [("title", "books_by_title"), ("newest", "books_by_year"), ("mixed", "books_by_both")]
)
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
async def test_a_page_behind_a_place_goes_down_the_index_of_its_order(
    library: Any, order: str, index: str, backward: Any
) -> None:
    await library.pool.execute('CREATE INDEX books_by_title ON books (shelf_id, title COLLATE "C", id)')
    await library.pool.execute("CREATE INDEX books_by_year ON books (shelf_id, year, id)")
    await library.pool.execute('CREATE INDEX books_by_both ON books (shelf_id, year DESC, title COLLATE "C", id)')
    models = models_of(library.schema)
    shelf, book = models["Shelf"].entity, models["Book"].entity
    many = shelf.many["books"]
    part = Part(order=many.orders[order], backward=backward, after=True)
    statement = statements.page(many, book, [book.columns["title"]], part=part)
    assert await indexes_of(library.pool, statement.text, types=len(statement.parameters)) == {index}
