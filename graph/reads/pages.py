"""Rows of a page as the connection that GraphQL shows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graph.connections import PageInfo
from graph.paging import write_cursor
from graph.reads.plans import PagePlan, Request, instance

FIRST_VALUE = 1
"""The first column of a page's row is the number of its parent, then comes what is selected."""


def page_of(
    plan: PagePlan, request: Request, rows: Sequence[Any], *, total: int | None
) -> tuple[Any, list[dict[str, Any]]]:
    """The connection, and the attributes of its nodes, whose own relations are still to be read.

    `rows` are those of one parent, in the order of the statement and one more than the page if there is more.
    """
    members: dict[str, Any] = {} if total is None else {"total_count": total}
    kept = list(rows[: request.window.size])
    if request.window.backward:
        kept.reverse()
    nodes: list[dict[str, Any]] = []
    if plan.selected.edges:
        members["edges"] = [_edge(plan, request, row, nodes) for row in kept]
    if plan.selected.page_info:
        members["page_info"] = _page_info(plan, request, kept, more=len(rows) > len(kept))
    return instance(plan.connection, members), nodes


def _edge(plan: PagePlan, request: Request, row: Any, nodes: list[dict[str, Any]]) -> Any:
    members: dict[str, Any] = {}
    if plan.selected.node:
        node = plan.rows.made(row[FIRST_VALUE:])
        nodes.append(node)
        members["node"] = instance(plan.rows.make, node)
    if plan.selected.cursor:
        members["cursor"] = _cursor(plan, request, row)
    first = FIRST_VALUE + plan.rows.width
    for place, (name, column) in enumerate(zip(plan.selected.edge_columns, plan.edge_columns, strict=True), first):
        value = row[place]
        members[name] = value if value is None or column.convert is None else column.convert(value)
    return instance(plan.edge, members)


def _cursor(plan: PagePlan, request: Request, row: Any) -> str:
    return write_cursor(request.order, row[FIRST_VALUE + plan.rows.width + len(plan.edge_columns) :])


def _page_info(plan: PagePlan, request: Request, kept: Sequence[Any], *, more: bool) -> PageInfo:
    window = request.window
    return PageInfo(
        has_next_page=window.before is not None if window.backward else more,
        has_previous_page=more if window.backward else window.after is not None,
        start_cursor=_cursor(plan, request, kept[0]) if kept else None,
        end_cursor=_cursor(plan, request, kept[-1]) if kept else None,
    )
