"""The schema: one class of fields for each noun and root type, put together here and nowhere else.

Decisions. Introspection and field suggestions stay on: the API is public and its schema is served at `/schema.graphql`.
What happens around every operation stands in `graph.execution`: limits run before it, documents are parsed and
validated once, errors that are not written for clients never reach one. Loaders live as long as an operation
(`OperationScope`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import DEFAULT_ALLOWED_OPERATION_TYPES
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from graph.accounts.mutations import AccountsMutation
from graph.accounts.queries import AccountsQuery
from graph.catalog.mutations import CatalogMutation
from graph.catalog.queries import CatalogQuery
from graph.execution.documents import DocumentCache, Documents
from graph.execution.masking import Masking
from graph.images.mutations import ImagesMutation
from graph.images.queries import ImagesQuery
from graph.library.mutations import LibraryMutation
from graph.live.mutations import LiveMutation
from graph.live.subscriptions import LiveSubscription
from graph.nodes import NodeQuery
from graph.playback.mutations import PlaybackMutation
from graph.proposals import types as proposals
from graph.search.queries import SearchQuery
from graph.uploads.mutations import UploadsMutation
from graph.uploads.subscriptions import UploadsSubscription
from graph.uploads.types import SCALARS


@strawberry.type(description="What can be read.")
class Query(NodeQuery, AccountsQuery, CatalogQuery, ImagesQuery, SearchQuery):
    """Add a noun's class of query fields here."""


@strawberry.type(description="What can be changed.")
class Mutation(
    AccountsMutation, CatalogMutation, UploadsMutation, ImagesMutation, PlaybackMutation, LiveMutation, LibraryMutation
):
    """Add a noun's class of mutations here."""


@strawberry.type(description="What can be watched.")
class Subscription(UploadsSubscription, LiveSubscription):
    """Add a noun's class of subscriptions here."""


class OperationScope(SchemaExtension):
    """Gives every operation a context of its own; only a query's loaders may remember, for nothing changes under it."""

    def on_execute(self) -> Iterator[None]:
        execution = self.execution_context
        execution.context = execution.context.for_operation(remember=execution.operation_type is OperationType.QUERY)
        yield


class Schema(strawberry.Schema):
    """Strawberry's schema; `documents` is where its parsed and validated documents are."""

    def __init__(self) -> None:
        self.documents = Documents()
        super().__init__(
            query=Query,
            mutation=Mutation,
            subscription=Subscription,
            extensions=[Masking, lambda: DocumentCache(self.documents), OperationScope],
            config=StrawberryConfig(
                disable_field_suggestions=False, scalar_map=dict([*SCALARS.items(), *proposals.SCALARS.items()])
            ),
        )

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
        return await super().execute(
            query,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name,
            allowed_operation_types=allowed - {OperationType.SUBSCRIPTION},
            operation_extensions=operation_extensions,
        )

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Do nothing: Strawberry would log every error with its traceback; masking logs the unexpected ones."""


@cache
def schema() -> Schema:
    """The schema of this process, made on first use."""
    return Schema()


def printed() -> str:
    """The schema in the definition language, as `schema.graphql` holds it."""
    return schema().as_str() + "\n"
