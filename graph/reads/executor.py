"""Strawberry's executor, which leaves the answers of objects that are read to `graph.reads.completion`."""

from __future__ import annotations

from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.values import get_argument_values
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.connections import Paged
from graph.reads.completion import Compiler, Unsettled, Write, impossible
from graph.reads.models import models_of
from graph.reads.planning import Recent, Spot, remembered
from graph.reads.selection import Document

writers: Recent[tuple[tuple[FieldNode, ...], Write]] = Recent()


class ReadingExecutor(StrawberryGraphQLCoreExecutionContext):
    """The executor of one operation."""

    def complete_object_value(  # noqa: PLR0917 -- graphql-core's signature
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        if _is_read(result) and not info.context.in_parts:
            nodes = tuple(details.node for details in field_details_list)
            try:
                answer: dict[str, Any] = self._writer(return_type, nodes, info)(result, Below(self, path))
            except Exception:  # noqa: BLE001, S110 -- whatever is wrong is found again below, with the path that it is told by
                pass
            else:
                return answer
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def _writer(self, kind: GraphQLObjectType, nodes: tuple[FieldNode, ...], info: GraphQLResolveInfo[Any]) -> Write:
        document = Document(fragments=info.fragments, variables=self.variable_values.coerced)
        models = models_of(self.schema._strawberry_schema)  # type: ignore[attr-defined] # noqa: SLF001 -- put there by Strawberry
        spot = Spot(nodes, document, models)

        def make() -> tuple[tuple[FieldNode, ...], Write]:
            try:
                return nodes, Compiler(models, document).of_object(kind, nodes)
            except Unsettled:
                return nodes, impossible

        return remembered(writers, spot, kind.name, make)[1]


class Below:
    """The operation of an executor, below one object."""

    def __init__(self, executor: ReadingExecutor, path: Path) -> None:
        self._executor = executor
        self._path = path
        self._arguments: dict[int, dict[str, Any]] = {}

    def info(self, field: GraphQLField, nodes: list[FieldNode], kind: GraphQLObjectType) -> GraphQLResolveInfo[Any]:
        node = nodes[0]
        path = Path(self._path, (node.alias or node.name).value, kind.name)
        return self._executor.build_resolve_info(field, nodes, kind, path)

    def arguments(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        found = self._arguments.get(id(node))
        if found is None:
            found = self._arguments[id(node)] = get_argument_values(field, node, self._executor.variable_values)
        return found


def _is_read(result: object) -> bool:
    return isinstance(result, Paged) or hasattr(result, "entity")
