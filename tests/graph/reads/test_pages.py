"""Any page of a connection, at the root and under a parent, beside the same page of a sorted list."""

# ruff: noqa: FBT001, S311 -- two cases of a test; chance is seeded

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer


def shelf_id(key: UUID) -> str:
    return ids.encode("Shelf", key)


def book_id(key: UUID) -> str:
    return ids.encode("Book", key)


SORTED: Mapping[str, Callable[[Any], Any]] = {
    "TITLE": lambda book: (book.title.encode(), book.id.int),
    "NEWEST": lambda book: (-book.year, -book.id.int),
    "MIXED": lambda book: (-book.year, book.title.encode(), book.id.int),
}
"""The orders in Python."""

PAGE = """edges { cursor node { id title year } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"""
ARGUMENTS = "$first: Int, $after: String, $last: Int, $before: String, $order: BookOrder!, $genre: String"
GIVEN = "first: $first, after: $after, last: $last, before: $before, orderBy: $order, genre: $genre"
OF_A_SHELF = f"query($id: ID!, {ARGUMENTS}) {{ shelf(name: $id) {{ books({GIVEN}) {{ {PAGE} }} }} }}"
OF_THE_ROOT = f"query({ARGUMENTS}) {{ books({GIVEN}) {{ {PAGE} }} }}"


def expected(books: Sequence[Any], arguments: Mapping[str, Any], places: Mapping[str, int]) -> dict[str, Any]:
    """The page of a list as Relay says it; `places` are the indexes behind `after` and `before`."""
    start, stop = places.get("after", -1) + 1, places.get("before", len(books))
    between = list(books[start:stop])
    size = arguments.get("first") or arguments.get("last") or 20
    backward = arguments.get("last") is not None
    kept = between[-size:] if backward else between[:size]
    more = len(between) > size
    return {
        "ids": [book_id(book.id) for book in kept],
        "next": "before" in places if backward else more,
        "previous": more if backward else "after" in places,
        "total": len(books),
    }


def summary(page: Any) -> dict[str, Any]:
    return {
        "ids": [edge["node"]["id"] for edge in page["edges"]],
        "next": page["pageInfo"]["hasNextPage"],
        "previous": page["pageInfo"]["hasPreviousPage"],
        "total": page["totalCount"],
    }


@pytest.mark.parametrize("at_root", [True, False], ids=["at the root", "under a parent"])
@pytest.mark.parametrize("order", sorted(SORTED))
async def test_any_page_is_that_of_a_sorted_list(library: Any, order: str, at_root: bool) -> None:
    chance = random.Random(f"{order} {at_root}")
    viewers = [None, library.owner, Viewer(user_id=new_key(), role=Role.ADMIN, token_expires_at_s=0)]
    for _ in range(8):
        viewer, genre, shelf = chance.choice(viewers), chance.choice([None, "crime"]), chance.choice(library.shelves)
        of_all = [book for book in library.seen(viewer) if genre is None or book.genre == genre]
        books = sorted([book for book in of_all if at_root or book.shelf == shelf], key=SORTED[order])
        variables = {"id": shelf_id(shelf), "order": order, "genre": genre}
        whole = await _page(library, viewer, at_root, {**variables, "first": 100})
        cursors = [edge["cursor"] for edge in whole["edges"]]
        for _ in range(4):
            asked = {chance.choice(["first", "last"]): chance.randrange(1, 12)} if chance.random() < 0.9 else {}
            places = {name: chance.randrange(len(cursors)) for name in _bounds(chance) if cursors}
            given = {**asked, **{name: cursors[place] for name, place in places.items()}}
            page = await _page(library, viewer, at_root, {**variables, **given})
            assert summary(page) == expected(books, asked, places)
            ends = [page["edges"][n]["cursor"] if page["edges"] else None for n in (0, -1)]
            assert [page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]] == ends


def _bounds(chance: random.Random) -> list[str]:
    return chance.choice([[], ["after"], ["before"], ["after", "before"]])


async def _page(library: Any, viewer: Any, at_root: bool, variables: dict[str, Any]) -> Any:
    if at_root:
        return (await library.data(OF_THE_ROOT, viewer, **variables))["books"]
    return (await library.data(OF_A_SHELF, viewer, **variables))["shelf"]["books"]


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("order", sorted(SORTED))
async def test_walking_page_by_page_meets_every_row_once(library: Any, order: str, backward: bool) -> None:
    size, bound, more, end = (
        ("last", "before", "hasPreviousPage", "startCursor")
        if backward
        else ("first", "after", "hasNextPage", "endCursor")
    )
    met: list[str] = []
    place = None
    while True:
        page = (await library.data(OF_THE_ROOT, order=order, **{size: 7, bound: place}))["books"]
        found = [edge["node"]["id"] for edge in page["edges"]]
        met = found + met if backward else met + found
        if not page["pageInfo"][more]:
            break
        assert len(found) == 7, "a page is full although many rows between are hidden"
        place = page["pageInfo"][end]
    assert met == [book_id(book.id) for book in sorted(library.seen(None), key=SORTED[order])]
