"""What resolvers reach: the process's services, the viewer, and loaders that live as long as one operation.

A request has one context; a socket has one too, and every operation on it gets a copy of its own (`for_operation`), so
that nothing is remembered from one operation to the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import strawberry
from strawberry.dataloader import DataLoader
from valkey.asyncio import Valkey

from config.objects import ObjectStore
from config.postgres import Pool, PooledEngine
from config.settings import GraphSettings
from graph.accounts.tokens import SigningKey
from graph.errors import Unauthenticated
from graph.fanout import Fanout
from graph.live.audience import Audience
from graph.live.presence import Presence
from graph.viewer import Viewer

K = TypeVar("K")
V = TypeVar("V")


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """What lives as long as the process; wired in `graph.app`."""

    settings: GraphSettings
    pool: Pool
    engine: PooledEngine
    store: ObjectStore
    valkey: Valkey
    signing_key: SigningKey
    fanout: Fanout
    presence: Presence
    audience: Audience


Batch = Callable[["Context", list[K]], Awaitable[list[V]]]
"""Answers many keys with one statement: one value for each key, in the order of the keys."""


class Context:
    """The context value of one operation."""

    def __init__(self, services: Services, viewer: Viewer | None, *, request_id: str, remember: bool = True) -> None:
        self.services = services
        self.viewer = viewer
        self.request_id = request_id
        # Strawberry puts the payload of `connection_init` here, on sockets.
        self.connection_params: dict[str, object] | None = None
        self._remember = remember
        self._loaders: dict[object, DataLoader[Any, Any]] = {}

    def for_operation(self, *, remember: bool) -> Context:
        """A context with empty loaders; without `remember` they still batch, but keep nothing between loads."""
        return Context(self.services, self.viewer, request_id=self.request_id, remember=remember)

    def require_viewer(self) -> Viewer:
        """The signed-in viewer. Raises Unauthenticated."""
        if self.viewer is None:
            raise Unauthenticated
        return self.viewer

    async def load(self, batch: Batch[K, V], key: K) -> V:
        """One value through the operation's loader of this batch function."""
        value: V = await self._loader(batch).load(key)
        return value

    def _loader(self, batch: Batch[K, V]) -> DataLoader[K, V]:
        if batch not in self._loaders:

            async def load(keys: list[K]) -> list[V]:
                return await batch(self, keys)

            self._loaders[batch] = DataLoader(load_fn=load, cache=self._remember)
        return self._loaders[batch]


Info = strawberry.Info[Context, None]
"""The type of `info` in every resolver."""
