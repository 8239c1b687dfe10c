"""A schema of its own for the reader, on real PostgreSQL: shelves of books, some of them hidden, many of them alike."""

# ruff: noqa: ARG002, PLR0917, S311 -- a connection's arguments stand in its signature; chance is seeded

import random
from collections.abc import Sequence
from enum import Enum
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import pytest
import strawberry

from config.postgres import Pool
from graph import enums
from graph.connections import After, Before, Connection, Edge, First, Last, Paged, connected, listing
from graph.keys import new_key
from graph.node import Node
from graph.reads.declarations import Column, Entity, Many, One, Order, Sort
from graph.reads.executor import ReadingExecutor
from graph.reads.reader import Info, Reader
from graph.reads.routing import Source
from graph.viewer import Role, Viewer

TITLE = Sort(sql='book.title COLLATE "C"', type="text")
YEAR = Sort(sql="book.year", type="integer", descending=True)
ID = Sort(sql="book.id", type="uuid")
LAST_ID = Sort(sql="book.id", type="uuid", descending=True)
ORDERS = {"title": Order((TITLE, ID)), "newest": Order((YEAR, LAST_ID)), "mixed": Order((YEAR, TITLE, ID))}
FILTERS = {"genre": "book.genre = :value::text"}
SEEN = "NOT book.hidden OR :is_admin OR book.owner_id = :viewer_id"


async def _promise(text: str) -> str:
    return text


def _genre(text: str) -> "Genre":
    return Genre(text)


SHELF = Entity(
    type_name="Shelf",
    table="shelves",
    alias="shelf",
    columns={"name": Column(sql="shelf.name", convert=str.upper)},
    one={"best": One(entity="Book", column="best_id")},
    many={
        "books": Many(entity="Book", parent="book.shelf_id", orders=ORDERS, filters=FILTERS),
        "lent": Many(
            entity="Book",
            parent="lent.shelf_id",
            source="loans AS lent JOIN books AS book ON book.id = lent.book_id",
            orders={"lent": Order((Sort(sql="lent.at", type="timestamptz"), ID))},
            edge={"lent_on": Column(sql="to_char(lent.at, 'YYYY-MM-DD')", convert=lambda day: f"on {day}")},
        ),
    },
)
BOOK = Entity(
    type_name="Book",
    table="books",
    alias="book",
    columns={
        "title": Column(sql="book.title"),
        "year": Column(sql="book.year"),
        "place": Column(sql="place.name", joins=("place",)),
        "genre": Column(sql="book.genre", convert=_genre),
        "tags": Column(sql="ARRAY[book.genre, book.title]"),
        # Null where nothing may be null.
        "doubted": Column(sql="CASE WHEN book.title <> 'zz' THEN book.title END"),
    },
    one={
        "shelf": One(entity="Shelf", column="shelf_id"),
        "twin": One(entity="Book", column="id", where="book.year > 3"),
    },
    computed={"label": ("title", "year"), "shout": ("title",), "later": ("title",), "promised": ("title",)},
    joins={"place": "JOIN shelves AS place ON place.id = book.shelf_id"},
    visible=SEEN,
)
ALL = Many(entity="Book", parent=None, orders=ORDERS, filters=FILTERS)


class Genre(Enum):
    CRIME = "crime"
    VERSE = "verse"


class BookOrder(Enum):
    TITLE = "title"
    NEWEST = "newest"
    MIXED = "mixed"


enums.publish(Genre, name="Genre", description="Genres.", values=dict.fromkeys(Genre, "A genre."))
enums.publish(BookOrder, name="BookOrder", description="Orders.", values=dict.fromkeys(BookOrder, "An order."))


@strawberry.type
class Shelf(Node):
    entity: ClassVar[Entity] = SHELF
    name: str
    best: "Book | None"
    books: "Connection[Book] | None" = strawberry.field(
        resolver=listing(order_by=(BookOrder, BookOrder.TITLE), genre=(str | None, None))
    )

    @strawberry.field
    def lent(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> "LentConnection | None":
        return connected(self, info)


@strawberry.type
class Book(Node):
    entity: ClassVar[Entity] = BOOK
    title: str
    year: int
    place: str
    genre: Genre
    tags: list[str]
    doubted: str
    shelf: Shelf | None
    twin: "Book | None"

    @strawberry.field
    def label(self) -> str:
        return f"{self.title} ({self.year})"

    @strawberry.field
    def shout(self, times: int = 2) -> str | None:
        if not self.title:
            raise ValueError("a book without a title")
        return self.title.upper() * times

    @strawberry.field
    async def later(self) -> str:
        return f"later {self.title}"

    @strawberry.field
    def promised(self) -> str:
        return _promise(self.title)


@strawberry.type
class LentEdge(Edge[Book]):
    lent_on: str


@strawberry.type
class LentConnection(Paged):
    edges: list[LentEdge]


@strawberry.type
class Query:
    @strawberry.field
    async def shelf(self, info: Info, name: strawberry.ID) -> Shelf | None:
        return await info.context.reader.named(info, Shelf, name)

    @strawberry.field
    async def anything(self, info: Info, names: list[str]) -> list[Node | None]:
        return await info.context.reader.several(info, [(kind, UUID(key)) for kind, key in map(str.split, names)])

    @strawberry.field
    async def books(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: BookOrder = BookOrder.TITLE,
        genre: str | None = None,
    ) -> Connection[Book] | None:
        return await info.context.reader.page(info, ALL, None)

    @strawberry.field
    async def stand(self) -> "list[Stand]":
        return [Stand(at=key) for key in STANDS]


STANDS: list[UUID] = []


@strawberry.type
class Stand:
    """No entity: each member of its list asks the reader by itself."""

    at: strawberry.Private[UUID]

    @strawberry.field
    async def book(self, info: Info) -> Book | None:
        return await info.context.reader.one(info, Book, self.at)


class Counting(ReadingExecutor):
    """Counts the fields that are executed one by one."""

    executed = 0

    def execute_field(self, *arguments: Any) -> Any:
        Counting.executed += 1
        return super().execute_field(*arguments)


SCHEMA = strawberry.Schema(query=Query, types=[Book], execution_context_class=Counting)
PLAIN = strawberry.Schema(query=Query, types=[Book])
"""The same as Strawberry executes it."""


class Row(NamedTuple):
    id: UUID
    shelf: UUID
    title: str
    year: int
    genre: str
    hidden: bool
    owner: UUID


class Asker:
    """The context of an operation, as far as a reader needs it."""

    market = None

    def __init__(self, pool: Pool, viewer: Viewer | None) -> None:
        self.viewer = viewer
        self.source = Source(pool)
        self.in_parts = False
        self.footprints = None
        self.reader = Reader(self, viewer=viewer)


class Library(NamedTuple):
    """What is in the database, and a way to ask for it."""

    pool: Pool
    shelves: list[UUID]
    books: list[Row]
    owner: Viewer
    stands: list[UUID] = STANDS
    schema: strawberry.Schema = SCHEMA
    plain: strawberry.Schema = PLAIN
    executor: type[Counting] = Counting

    def asker(self, viewer: Viewer | None = None) -> Asker:
        return Asker(self.pool, viewer)

    async def answer(self, text: str, viewer: Viewer | None = None, **variables: Any) -> Any:
        return await self.schema.execute(text, variable_values=variables, context_value=self.asker(viewer))

    async def data(self, text: str, viewer: Viewer | None = None, **variables: Any) -> Any:
        answered = await self.answer(text, viewer, **variables)
        assert answered.errors is None, answered.errors
        return answered.data

    def seen(self, viewer: Viewer | None) -> list[Row]:
        admin, own = viewer is not None and viewer.is_admin, None if viewer is None else viewer.user_id
        return [book for book in self.books if not book.hidden or admin or book.owner == own]


@pytest.fixture
async def library(pool: Pool) -> Library:
    await pool.execute("CREATE TABLE shelves (id uuid PRIMARY KEY, name text, best_id uuid)")
    await pool.execute(
        "CREATE TABLE books (id uuid PRIMARY KEY, shelf_id uuid, title text, year integer, genre text,"
        " hidden boolean, owner_id uuid)"
    )
    await pool.execute("CREATE TABLE loans (shelf_id uuid, book_id uuid, at timestamptz)")
    chance, owner = random.Random(5), Viewer(user_id=new_key(), role=Role.ARTIST, token_expires_at_s=0)
    shelves = [new_key() for _ in range(4)]
    books = [_book(chance, shelves[:3], owner) for _ in range(150)]
    best = next(book for book in books if not book.hidden and book.year > 3)
    await pool.copy_records_to_table("books", records=books)
    await pool.copy_records_to_table("shelves", records=[(key, f"shelf {n}", best.id) for n, key in enumerate(shelves)])
    return Library(pool, shelves, books, owner)


def _book(chance: random.Random, shelves: Sequence[UUID], owner: Viewer) -> Row:
    """Few titles and years, so that most books are alike in one of them."""
    return Row(
        id=UUID(int=chance.getrandbits(128)),
        shelf=chance.choice(shelves),
        title=chance.choice(["a", "B", "ä", "b", "", "zz"]),
        year=chance.randrange(-2, 6),
        genre=chance.choice(["crime", "verse"]),
        hidden=chance.random() < 0.4,
        owner=owner.user_id if chance.random() < 0.5 else UUID(int=0),
    )
