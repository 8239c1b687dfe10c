"""Connections as the API answers them: a list of edges, each with its node, and where the page ends."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class Edge(msgspec.Struct, Generic[T], frozen=True):
    node: T


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """A connection of which the first nodes were asked for, and no more."""

    edges: list[Edge[T]]

    @property
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]


class Page(Listed[T], Generic[T], frozen=True, rename="camel"):
    """A connection that is read to its end."""

    page_info: PageInfo
