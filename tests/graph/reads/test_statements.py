"""SQL texts of a small declaration: what is in them, and that their shape alone decides them."""

from typing import Any

import pytest

from graph.reads import statements
from graph.reads.declarations import Column, Entity, Many, Order, Sort
from graph.reads.statements import Lookup, Part

TITLE = Sort(sql="book.title", type="text")
YEAR = Sort(sql="book.year", type="integer", descending=True)
ID = Sort(sql="book.id", type="uuid")
LAST_ID = Sort(sql="book.id", type="uuid", descending=True)
BY_TITLE = Order((TITLE, ID))
NEWEST = Order((YEAR, LAST_ID))
MIXED = Order((YEAR, TITLE, ID))

BOOK = Entity(
    type_name="Book",
    table="books",
    alias="book",
    columns={"title": Column(sql="book.title"), "author": Column(sql="author.name", joins=("author",))},
    joins={
        "shelf": "JOIN shelves AS shelf ON shelf.id = book.shelf_id",
        "author": "JOIN authors AS author ON author.id = book.author_id",
    },
    visible="book.owner_id = :viewer_id OR :is_admin",
)
PERSON = Entity(
    type_name="Person",
    table="people",
    alias="writer",
    columns={"name": Column(sql="writer.name")},
    visible="NOT writer.shy OR :is_admin",
)
HELD = Column(sql="book.author_id")
BOOKS = Many(
    entity="Book",
    parent="book.shelf_id",
    orders={"title": BY_TITLE},
    filters={"genre": "book.genre = :value::text", "since": "book.year >= :value"},
)


def flat(statement: statements.Statement) -> str:
    return " ".join(statement.text.split())


def page(order: Order = BY_TITLE, many: Many = BOOKS, **part: Any) -> statements.Statement:
    return statements.page(many, BOOK, [BOOK.columns["title"]], part=Part(order=order, **part))


def test_rows_are_read_by_one_array_of_keys_under_the_rule_of_who_sees_them() -> None:
    found = statements.by_keys(BOOK, [BOOK.columns["title"]], where="book.lent")
    assert flat(found) == (
        "SELECT book.id, book.title FROM books AS book WHERE book.id = ANY($1::uuid[])"
        " AND (book.owner_id = $2::uuid OR $3::boolean) AND (book.lent)"
    )
    assert found.parameters == ("keys", "viewer_id", "is_admin")


def test_a_join_is_there_when_a_column_needs_it() -> None:
    assert "JOIN authors" not in statements.by_keys(BOOK, [BOOK.columns["title"]]).text
    found = flat(statements.by_keys(BOOK, [BOOK.columns["author"]]))
    assert "FROM books AS book JOIN authors AS author ON author.id = book.author_id WHERE" in found
    assert "shelves" not in found


def test_a_page_stands_in_one_lateral_for_all_parents_and_is_cut_in_it() -> None:
    found = page()
    assert flat(found) == (
        "SELECT wanted.ordinal, page.v0, page.v1 FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (parent, ordinal)"
        " CROSS JOIN LATERAL (SELECT * FROM ( SELECT book.id AS v0, book.title AS v1, book.title AS s0, book.id AS s1"
        " FROM books AS book WHERE (book.shelf_id = wanted.parent) AND (book.owner_id = $2::uuid OR $3::boolean)"
        " ORDER BY book.title, book.id LIMIT 101 ) AS cut LIMIT $4::integer) AS page"
        " ORDER BY wanted.ordinal, page.s0, page.s1"
    )
    assert found.parameters == ("keys", "viewer_id", "is_admin", "limit")


def test_a_page_of_the_root_has_no_parents() -> None:
    root = Many(entity="Book", parent=None, orders={"title": BY_TITLE}, where="book.public")
    found = flat(page(many=root))
    assert "unnest" not in found
    assert found.startswith("SELECT 1, page.v0, page.v1 FROM (SELECT * FROM ( SELECT book.id")
    assert "WHERE (book.public) AND (book.owner_id" in found
    assert found.endswith("LIMIT 101 ) AS cut LIMIT $3::integer) AS page ORDER BY page.s0, page.s1")


AUTHOR = Lookup(entity=PERSON, columns=(PERSON.columns["name"],), held_in=1, where="writer.lives")


def test_what_is_looked_up_is_joined_to_the_rows_of_the_page_alone() -> None:
    found = flat(statements.page(BOOKS, BOOK, [HELD], part=Part(order=BY_TITLE, places=True), lookups=[AUTHOR]))
    assert found.startswith(
        "SELECT wanted.ordinal, page.v0, page.v1, one0.v0, one0.v1, page.s0, page.s1 FROM unnest($1::uuid[])"
    )
    assert found.endswith(
        "LIMIT 101 ) AS cut LIMIT $4::integer) AS page"
        " LEFT JOIN LATERAL (SELECT writer.id AS v0, writer.name AS v1 FROM people AS writer"
        " WHERE (writer.id = page.v1) AND (NOT writer.shy OR $3::boolean) AND (writer.lives)) AS one0 ON true"
        " ORDER BY wanted.ordinal, page.s0, page.s1"
    )


def test_what_is_looked_up_stands_behind_rows_by_their_keys() -> None:
    found = flat(statements.by_keys(BOOK, [HELD], lookups=[AUTHOR, AUTHOR]))
    assert found.startswith("SELECT page.v0, page.v1, one0.v0, one0.v1, one1.v0, one1.v1 FROM ( SELECT book.id AS v0,")
    assert "WHERE book.id = ANY($1::uuid[]) AND (book.owner_id = $2::uuid OR $3::boolean) ) AS page LEFT JOIN" in found


def test_rows_tell_their_places_only_where_cursors_are_made() -> None:
    assert "SELECT wanted.ordinal, page.v0, page.v1, page.s0, page.s1 FROM" in flat(page(places=True))


@pytest.mark.parametrize(
    ("order", "part", "condition"),
    [
        pytest.param(BY_TITLE, {"after": True}, "((book.title, book.id) > (:0::text, :1::uuid))", id="ascending"),
        pytest.param(BY_TITLE, {"before": True}, "((book.title, book.id) < (:0::text, :1::uuid))", id="up to a place"),
        pytest.param(NEWEST, {"after": True}, "((book.year, book.id) < (:0::integer, :1::uuid))", id="descending"),
        pytest.param(
            MIXED,
            {"after": True},
            "(book.year <= :0::integer AND (book.year < :0::integer OR (book.year = :0::integer AND"
            " (book.title > :1::text OR (book.title = :1::text AND (book.id > :2::uuid))))))",
            id="both ways",
        ),
    ],
)
def test_a_page_starts_behind_a_place(order: Order, part: dict[str, bool], condition: str) -> None:
    found = page(order, **part)
    name = next(iter(part))
    numbers = {parameter: number for number, parameter in enumerate(found.parameters, 1)}
    for n in range(3):
        condition = condition.replace(f":{n}::", f"${numbers.get(f'{name}_{n}')}::")
    assert condition in flat(found)


def test_a_page_from_the_end_turns_the_order_around() -> None:
    found = flat(page(MIXED, backward=True))
    assert "ORDER BY book.year, book.title DESC, book.id DESC LIMIT 101" in found
    assert found.endswith("ORDER BY wanted.ordinal, page.s0, page.s1 DESC, page.s2 DESC")


def test_a_filter_is_there_when_it_is_given() -> None:
    found = page(filters=("genre", "since"))
    assert "(book.genre = $4::text) AND (book.year >= $5)" in flat(found)
    assert found.parameters[3:] == ("filter_genre", "filter_since", "limit")
    assert "genre" not in page().text


def test_a_count_has_the_conditions_of_the_page_and_no_limit() -> None:
    found = statements.count(BOOKS, BOOK, part=Part(order=BY_TITLE, after=True, filters=("genre",)))
    assert flat(found) == (
        "SELECT wanted.ordinal, ( SELECT count(*) FROM books AS book WHERE (book.shelf_id = wanted.parent)"
        " AND (book.owner_id = $1::uuid OR $2::boolean) AND (book.genre = $3::text) )"
        " FROM unnest($4::uuid[]) WITH ORDINALITY AS wanted (parent, ordinal)"
    )


def test_the_columns_of_edges_follow_those_of_the_node() -> None:
    liked = Many(
        entity="Book",
        parent="liked.user_id",
        source="likes AS liked JOIN books AS book ON book.id = liked.book_id",
        orders={"title": BY_TITLE},
        edge={"liked_at": Column(sql="liked.created_at")},
    )
    columns = [BOOK.columns["title"], liked.edge["liked_at"]]
    found = flat(statements.page(liked, BOOK, columns, part=Part(order=BY_TITLE)))
    assert "book.title AS v1, liked.created_at AS v2" in found
    assert (
        "FROM likes AS liked JOIN books AS book ON book.id = liked.book_id WHERE (liked.user_id = wanted.parent)"
        in found
    )


def test_the_same_shape_has_the_same_text() -> None:
    assert page(after=True, places=True) == page(after=True, places=True)


@pytest.mark.parametrize(
    ("text", "numbered", "parameters"),
    [
        ("a = :viewer_id AND b = :viewer_id", "a = $1::uuid AND b = $1::uuid", ("viewer_id",)),
        ("a::text = ANY(ARRAY['*', :market])", "a::text = ANY(ARRAY['*', $1::text])", ("market",)),
        ("at < '10:30' AND :now > at", "at < '10:30' AND $1::timestamptz > at", ("now",)),
        ("a[1:2] = :mine", "a[1:2] = $1", ("mine",)),
    ],
)
def test_names_become_numbers(text: str, numbered: str, parameters: tuple[str, ...]) -> None:
    found = statements.numbered(text)
    assert (found.text, found.parameters) == (numbered, parameters)
