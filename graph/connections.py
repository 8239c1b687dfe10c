"""Relay connections in GraphQL: edges, pages, and the arguments that every connection takes.

A connection is a field with this resolver, whose page the reader has read with its parent::

    albums: Connection[Album] | None = strawberry.field(
        resolver=listing(order_by=(OrderBy, AlbumOrder.ADDED)), description="The artist's albums."
    )

Only a resolver that does more than that is written out, below :func:`paging`, which spares it the arguments.

Edges with more than cursor and node are a subclass of `Edge[T]`; their connection is a subclass of `Paged` with
`edges`.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated, Any, Generic, TypeVar, cast

import strawberry

from graph.paging import DEFAULT_PAGE, MAX_PAGE
from graph.reads.plans import PAGES

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many to answer from the start, 1 to {MAX_PAGE}; {DEFAULT_PAGE} without `first` and `last`."
    ),
]
After = Annotated[str | None, strawberry.argument(description="A cursor: answer what follows its edge.")]
Last = Annotated[
    int | None,
    strawberry.argument(description=f"How many to answer from the end, 1 to {MAX_PAGE}; not together with `first`."),
]
Before = Annotated[str | None, strawberry.argument(description="A cursor: answer what precedes its edge.")]

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R", bound=Callable[..., Any])


@strawberry.type(description="Where a page is in its connection.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="Whether something follows `endCursor`; with `last`, whether `before` was given."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether something precedes `startCursor`; with `first`, whether `after` was given."
    )
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge; null on an empty page.")


@strawberry.type(description="One thing and its place in a list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(
        description="Its place: pass it as `after` to continue behind it, as `before` to go back from it."
    )
    node: T = strawberry.field(description="The thing itself.")


@strawberry.type(description="A page of a list, whatever its edges are.")
class Paged:
    page_info: PageInfo = strawberry.field(description="Where the page is.")
    total_count: int = strawberry.field(
        description="How many there are on all pages together; counted when it is asked for."
    )


@strawberry.type(description="A page of a list.")
class Connection(Paged, Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="What is on this page.")


PAGE_ARGUMENTS = {"first": (First, None), "after": (After, None), "last": (Last, None), "before": (Before, None)}
"""What every connection takes, each with its default."""


def listing(**more: tuple[Any, Any]) -> Callable[..., Any]:
    """The resolver of a connection; `more` are arguments beside those of the page, each with its type and default."""

    def resolve(self: Any, info: strawberry.Info[Any, Any], **_page: Any) -> Any:
        return connected(self, info)

    resolve.is_listing = True  # type: ignore[attr-defined] # `graph.reads.completion` takes the page itself then
    return paging(resolve, **more)


def paging(resolve: R, **more: tuple[Any, Any]) -> R:
    """Have a resolver take what every connection takes, and `more`, where it has `**_page`.

    It need not look at them: the reader has them from the document.
    """
    whole = Signature.from_callable(resolve)
    own = [one for one in whole.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    taken = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation, default=default)
        for name, (annotation, default) in {**PAGE_ARGUMENTS, **more}.items()
    ]
    # Where Strawberry looks first.
    resolve.__signature__ = whole.replace(parameters=[*own, *taken])  # type: ignore[attr-defined] # a function's
    return resolve


def connected(owner: Any, info: strawberry.Info[Any, Any]) -> P:  # type: ignore[type-var] # as the field says
    """The page that the reader has read for this field of `owner`. Raises BadRequest if its arguments were wrong."""
    page: Any = getattr(owner, PAGES)[id(info._raw_info.field_nodes[0])]  # noqa: SLF001 -- the only way to the document
    if isinstance(page, Exception):
        raise page
    return cast("P", page)
