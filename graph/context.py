"""What resolvers reach: the process's services, the viewer, and a reader that lives as long as one operation.

A request has one context; a socket has one too, and every operation on it gets a copy of its own (`for_operation`), so
that nothing is remembered from one operation to the next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType

import msgspec
import strawberry
from valkey.asyncio import Valkey

from config.objects import ObjectStore
from config.postgres import Pool, PooledEngine
from config.settings import GraphSettings
from graph.accounts.tokens import SigningKey
from graph.errors import Unauthenticated
from graph.fanout import Fanout
from graph.live.audience import Audience
from graph.live.presence import Presence
from graph.observation.observer import Observer
from graph.persisted.store import PersistedDocuments
from graph.protection.address import HERE, Address, Networks
from graph.protection.limiter import Limiter
from graph.reads.footprints import Footprints
from graph.reads.reader import Reader
from graph.reads.routing import Routing, Source
from graph.reuse.answers import Answers
from graph.viewer import Viewer

NO_TRACE: Mapping[str, str] = MappingProxyType({})


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
    limiter: Limiter
    persisted: PersistedDocuments
    proxies: Networks
    answers: Answers
    routing: Routing
    observer: Observer


class Context:
    """The context value of one operation."""

    def __init__(
        self,
        services: Services,
        viewer: Viewer | None,
        *,
        request_id: str,
        country: str | None = None,
        address: Address = HERE,
        source: Source | None = None,
        in_parts: bool = False,
        trace_parent: Mapping[str, str] = NO_TRACE,
    ) -> None:
        self.services = services
        self.viewer = viewer
        self.request_id = request_id
        self._country = country
        self.address = address
        # Strawberry puts the payload of `connection_init` here, on sockets.
        self.connection_params: dict[str, object] | None = None
        self.source = services.routing.primary if source is None else source
        self.in_parts = in_parts
        """Whether the client takes an answer in parts, and, once the document is known, whether it has any."""
        self.trace_parent = trace_parent
        """The headers that name the trace which a request belongs to, where traces are written."""
        self.ends_at_s = math.inf
        """When the operation is cancelled, by the monotonic clock; known once it runs."""
        self.footprints: Footprints | None = None
        """What the answer is made of, if it is to be given again; nothing lags then behind what was told of changes."""
        self.writer_id = None if viewer is None else viewer.user_id
        """Whose the writes of this operation are; a mutation that signs somebody in names them."""

    def for_operation(self, *, is_query: bool) -> Context:
        """A context of an operation's own; only a query may read from a replica."""
        routed = is_query and self.footprints is None
        own = Context(
            self.services,
            self.viewer,
            request_id=self.request_id,
            country=self._country,
            address=self.address,
            source=self.services.routing.for_query(self.viewer, address=int(self.address)) if routed else None,
            in_parts=self.in_parts,
        )
        own.footprints = self.footprints
        own.ends_at_s = self.ends_at_s
        return own

    async def remember_writes(self) -> None:
        """Have what this mutation has written found by whatever its user reads next."""
        if self.writer_id is not None:
            await self.services.routing.wrote(self.writer_id)

    @property
    def market(self) -> str | None:
        """The country whose licences count: the account's own, else that of the request, else the default one."""
        own = None if self.viewer is None else self.viewer.market
        return own or self._country or self.services.settings.markets.default

    @cached_property
    def reader(self) -> Reader:
        """Reads what the operation selects."""
        return Reader(self, viewer=self.viewer)

    def require_viewer(self) -> Viewer:
        """The signed-in viewer. Raises Unauthenticated."""
        if self.viewer is None:
            raise Unauthenticated
        return self.viewer


Info = strawberry.Info[Context, None]
"""The type of `info` in every resolver."""
