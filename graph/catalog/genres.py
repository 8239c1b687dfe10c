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
    cleaned = [clean(name, field=field, max_length=MAX_NAME_LENGTH) for name in names]
    found: dict[str, GenreName] = {}
    for name in cleaned:
        slug = fold(name)
        if not slug:
            raise refused(ProblemCode.INVALID_VALUE, field, "A genre has a letter or a digit in its name.")
        found.setdefault(slug, GenreName(slug, name))
    if len(found) > MAX_GENRES:
        raise refused(ProblemCode.TOO_LONG, field, f"At most {MAX_GENRES} genres.")
    return tuple(found.values())
