"""Keyset paging: a cursor holds the sort key of a row, so a page is stable while rows are inserted (Relay connections).

Pure: what part of a connection is asked for, how the arguments are checked, how a cursor is written and read. A cursor
names its order, for a place by date means nothing in a list by name. The SQL that uses it is in
`graph.reads.statements`, the GraphQL types are in `graph.connections`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import msgspec

from graph.errors import BadRequest

MAX_PAGE = 100
DEFAULT_PAGE = 20
MAX_CURSOR_LENGTH = 2048

# A cursor may be forged: what PostgreSQL would not take as a value of the type is no cursor.
TYPES: Mapping[str, Any] = {
    "boolean": bool,
    "integer": Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)],
    "bigint": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "real": Annotated[float, msgspec.Meta(ge=-3.4e38, le=3.4e38)],
    "double precision": float,
    "text": Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")],
    "date": date,
    "timestamptz": Annotated[datetime, msgspec.Meta(tz=True)],
    "uuid": UUID,
}
"""The types of PostgreSQL that a part of an order may have, each with what reads it back."""

_encoder = msgspec.json.Encoder()

Place = tuple[Any, ...]
"""The values of a row in the parts of an order."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection is asked for: `size` rows of what lies between two places, from its start or from its end."""

    size: int
    backward: bool = False
    after: Place | None = None
    before: Place | None = None

    @property
    def fetch(self) -> int:
        """How many rows to select: one more than the page tells whether there are others."""
        return self.size + 1


def window(arguments: Mapping[str, Any], *, order: str, types: Sequence[str]) -> Window:
    """Check a connection's arguments (`first`, `after`, `last`, `before`). Raises BadRequest.

    `order` is the name of its order and `types` are those of the order's parts.
    """
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise BadRequest("`first` and `last` exclude each other.")
    name, size = ("first", first) if last is None else ("last", last)
    if size is not None and not 1 <= size <= MAX_PAGE:
        raise BadRequest(f"`{name}` must be between 1 and {MAX_PAGE}, not {size}.")
    return Window(
        size=DEFAULT_PAGE if size is None else size,
        backward=last is not None,
        after=_place(arguments, "after", order=order, types=types),
        before=_place(arguments, "before", order=order, types=types),
    )


def _place(arguments: Mapping[str, Any], name: str, *, order: str, types: Sequence[str]) -> Place | None:
    text = arguments.get(name)
    return None if text is None else read_cursor(text, argument=name, order=order, types=types)


def write_cursor(order: str, place: Place) -> str:
    return base64.urlsafe_b64encode(_encoder.encode((order, *place))).decode().rstrip("=")


def read_cursor(text: str, *, argument: str, order: str, types: Sequence[str]) -> Place:
    """Read a place back. Raises BadRequest for everything that :func:`write_cursor` does not write for this order."""
    if len(text) > MAX_CURSOR_LENGTH:
        raise BadRequest(f"`{argument}` is longer than any cursor.")
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        named, *place = _decoder(tuple(types)).decode(base64.b64decode(padded, altchars=b"-_", validate=True))
        genuine = named == order and write_cursor(order, tuple(place)) == text and not any(map(_foreign, place))
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadRequest(f"`{argument}` is not a cursor of this connection.") from error
    if not genuine:
        raise BadRequest(f"`{argument}` is not a cursor of this connection in this order.")
    return tuple(place)


@lru_cache(maxsize=256)
def _decoder(types: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(tuple[(str, *(TYPES[name] for name in types))])  # type: ignore[misc] # made of values


def _foreign(value: object) -> bool:
    """Whether it is a time of another zone than ours, which could be outside of what PostgreSQL knows."""
    return isinstance(value, datetime) and value.tzinfo is not UTC
