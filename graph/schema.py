"""The schema: one class of fields for each noun and root type, put together here and nowhere else.

Decisions. Introspection and field suggestions are on unless a setting says otherwise: the API is public and its schema
is served at `/schema.graphql`. What happens around every operation stands in `graph.execution`: limits run before it,
documents are parsed and validated once, errors that are not written for clients never reach one. A reader lives as
long as an operation (`OperationScope`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import DEFAULT_ALLOWED_OPERATION_TYPES
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from config.settings import DocumentSettings
from graph.accounts.mutations import AccountsMutation
from graph.accounts.queries import AccountsQuery
from graph.catalog.mutations import CatalogMutation
from graph.catalog.queries import CatalogQuery
from graph.context import Context
from graph.execution.bulk import execute
from graph.execution.documents import Documents
from graph.execution.gate import Gate
from graph.execution.known import Asked, answer, demand_of
from graph.execution.masking import Masking
from graph.execution.parts import PartsExecutor
from graph.genres.queries import GenresQuery
from graph.images.mutations import ImagesMutation
from graph.images.queries import ImagesQuery
from graph.library.mutations import LibraryMutation
from graph.licences.mutations import LicencesMutation
from graph.listening.mutations import ListeningMutation
from graph.listening.queries import ListeningQuery
from graph.live.mutations import LiveMutation
from graph.live.subscriptions import LiveSubscription
from graph.nodes import NodeQuery
from graph.observation.observer import Watch
from graph.playback.mutations import PlaybackMutation
from graph.playlists.mutations import PlaylistsMutation
from graph.playlists.queries import PlaylistsQuery
from graph.profiles.mutations import ProfilesMutation
from graph.reads.models import models_of
from graph.scalars import SCALARS
from graph.search.queries import SearchQuery
from graph.sharing.queries import SharingMutation, SharingQuery
from graph.supply.mutations import SupplyMutation
from graph.uploads.mutations import UploadsMutation
from graph.uploads.subscriptions import UploadsSubscription

DEFAULTS = DocumentSettings()
"""Of the schema that is printed; the settings change what is told of it, never what it is."""


@strawberry.type(description="What can be read.")
class Query(
    NodeQuery,
    AccountsQuery,
    CatalogQuery,
    GenresQuery,
    ImagesQuery,
    SearchQuery,
    PlaylistsQuery,
    ListeningQuery,
    SharingQuery,
):
    """Add a noun's class of query fields here."""


@strawberry.type(description="What can be changed.")
class Mutation(
    AccountsMutation,
    CatalogMutation,
    ProfilesMutation,
    LicencesMutation,
    SupplyMutation,
    UploadsMutation,
    ImagesMutation,
    PlaybackMutation,
    LiveMutation,
    LibraryMutation,
    ListeningMutation,
    PlaylistsMutation,
    SharingMutation,
):
    """Add a noun's class of mutations here."""


@strawberry.type(description="What can be watched.")
class Subscription(UploadsSubscription, LiveSubscription):
    """Add a noun's class of subscriptions here."""


class OperationScope(SchemaExtension):
    """Gives every operation a context of its own."""

    async def on_execute(self) -> AsyncIterator[None]:
        execution = self.execution_context
        context = execution.context.for_operation(is_query=execution.operation_type is OperationType.QUERY)
        execution.context = context
        yield
        if execution.operation_type is OperationType.MUTATION:
            await context.remember_writes()


class Schema(strawberry.Schema):
    """Strawberry's schema; `documents` is where its parsed and validated documents are."""

    def __init__(self, settings: DocumentSettings) -> None:
        self.documents = Documents()
        super().__init__(
            query=Query,
            mutation=Mutation,
            subscription=Subscription,
            execution_context_class=PartsExecutor,
            extensions=[Masking, lambda: Gate(self.documents, settings), OperationScope],
            config=StrawberryConfig(
                disable_field_suggestions=not settings.introspection,
                enable_experimental_incremental_execution=True,
                scalar_map=SCALARS,
            ),
        )
        models_of(self)  # an entity that forgets a field is found now, not by the first who asks for it

    async def execute(  # noqa: PLR0917 -- Strawberry's signature
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Answer one result, so anything but a subscription; those are streamed (`Schema.stream`)."""
        allowed = set(DEFAULT_ALLOWED_OPERATION_TYPES if allowed_operation_types is None else allowed_operation_types)
        with self._watching(query, operation_name, context_value) as watch:
            checked = self.documents.peek(query or "")
            demand = demand_of(checked, operation_name, allowed)
            if checked is not None and demand is not None:
                self.documents.get(query or "")
                asked = Asked(
                    checked=checked,
                    demand=demand,
                    name=operation_name,
                    variables=variable_values or {},
                    extensions=operation_extensions,
                )
                result = await answer(self, asked, context_value)
            else:
                result = await super().execute(
                    query,
                    variable_values=variable_values,
                    context_value=context_value,
                    root_value=root_value,
                    operation_name=operation_name,
                    allowed_operation_types=allowed - {OperationType.SUBSCRIPTION},
                    operation_extensions=operation_extensions,
                )
            watch.told(result)
        return result

    async def stream(  # noqa: PLR0917 -- Strawberry's signature
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> AsyncGenerator[Any, None]:
        """Answer what may have several results: anything on a socket or an event stream."""
        watch = self._watching(query, operation_name, context_value)
        events = await super().stream(
            query,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name,
            operation_extensions=operation_extensions,
            allowed_operation_types=allowed_operation_types,
        )
        return watch.stream(events)

    def _watching(self, query: str | None, operation_name: str | None, context: Context) -> Watch:
        return context.services.observer.watching(self.documents, query, operation_name, context.trace_parent)

    def _get_execute_function(self) -> Callable[..., Any]:
        return execute

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,  # noqa: ARG002 -- Strawberry's signature
    ) -> None:
        """Log nothing, which masking does for the unexpected ones; a private schema suggests no names either."""
        if self.config.disable_field_suggestions:
            for error in errors:
                error.message = error.message.partition(" Did you mean ")[0]


def schema(settings: DocumentSettings = DEFAULTS) -> Schema:
    """The schema of this process, made on first use."""
    return _made(settings)


@cache
def _made(settings: DocumentSettings) -> Schema:
    return Schema(settings)


def printed() -> str:
    """The schema in the definition language, as `schema.graphql` holds it."""
    return schema().as_str() + "\n"
