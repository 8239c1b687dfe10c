"""Relay's Node: everything with an identity of its own has a global id and can be fetched by it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import strawberry

from graph.reads.declarations import Entity


@strawberry.interface(description="Something with a global id, which `node(id:)` finds again.")
class Node:
    entity: ClassVar[Entity]
    type_name: ClassVar[str]
    key: strawberry.Private[UUID]
    id: strawberry.ID = strawberry.field(description="The global id; opaque.")
