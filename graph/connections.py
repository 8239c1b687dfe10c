"""Relay connections in GraphQL: `PageInfo`, and the arguments that every connection takes."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph.paging import MAX_PAGE, Page

First = Annotated[int, strawberry.argument(description=f"How many to answer, from 1 to {MAX_PAGE}.")]
After = Annotated[str | None, strawberry.argument(description="The cursor of the last edge that you have.")]


@strawberry.type(description="Where a page is in its connection.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether something follows `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether the page started after a cursor.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge; null on an empty page.")

    @classmethod
    def of(cls, page: Page[Any]) -> PageInfo:
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )
