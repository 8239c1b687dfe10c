"""Genres: named by artists, told apart by how search folds them. Pure.

Two spellings of one name ("Hip Hop", "hip-hop") are one genre, which is shown as whoever used it first wrote it. There
is no list of genres that are allowed: a list would be out of date, and never that of every scene.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from graph.errors import ProblemCode, refused
from graph.names import clean
from graph.search.text import fold

MAX_GENRES = 10
MAX_NAME_LENGTH = 60


class GenreName(msgspec.Struct, frozen=True):
    """A genre by its folded name, and the name as it is shown if it is a new one."""

    slug: str
    name: str


def checked(names: Sequence[str], *, field: str) -> tuple[GenreName, ...]:
    """The genres that the names stand for, each once, in their order. Raises Refused."""
    found: dict[str, GenreName] = {}
    for place, given in enumerate(names):
        at = f"{field}.{place}"
        name = clean(given, field=at, max_length=MAX_NAME_LENGTH)
        slug = fold(name)
        if not slug:
            raise refused(ProblemCode.INVALID_VALUE, at, "A genre has a letter or a digit in its name.")
        found.setdefault(slug, GenreName(slug, name))
    if len(found) > MAX_GENRES:
        raise refused(ProblemCode.TOO_LONG, field, f"At most {MAX_GENRES} genres.")
    return tuple(found.values())
