"""Documents that were parsed and judged, remembered by their text.

Strawberry's own caches key validation on the syntax tree, whose hash graphql-core 3.3 computes anew in time
proportional to the document, and on the identity of rule classes that a factory makes anew for each request. Here the
text is the key, and what is kept is the tree with the verdict and the price.

Pure. Not here: when a document is looked up and when it is judged (`gate`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import msgspec
from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    Visitor,
    specified_rules,
    validate,
    visit,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from config.settings import DocumentSettings
from graph.execution.cost import Demand, demands
from graph.execution.limits import violations

CAPACITY = 512
LONGEST_REMEMBERED = 32 * 1024
"""Characters. Within the limit of tokens a document may still have a megabyte of comments; the cache would keep it."""
MAX_ERRORS = 5
"""Of one document. Who wrote it mends the first; a thousand errors cost us more than them."""
RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
"""The specification's, and those of Strawberry for what it makes of its inputs."""
PRIVATE_RULES = (*RULES, NoSchemaIntrospectionCustomRule)
NOT_TOLD = "The document does not fit the schema, which is not told here."
"""In place of every error of validation where the schema is private: each one would tell a name or deny a guess."""


DIVIDING = frozenset({"defer", "stream"})


class Checked(msgspec.Struct, frozen=True):
    """A parsed document, what is wrong with it (nothing, if it may be executed) and what its operations ask for."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    demands: Mapping[str, Demand] = {}
    in_parts: bool = False
    """Whether something in it may be answered later than the rest."""

    @property
    def operations(self) -> int:
        return sum(isinstance(node, OperationDefinitionNode) for node in self.document.definitions)


def check(document: DocumentNode, schema: GraphQLSchema, settings: DocumentSettings) -> Checked:
    """Judge a document. One beyond a limit is not validated: the cost of that is one of the things limited."""
    if found := violations(document, settings):
        return Checked(document, tuple(GraphQLError(sentence) for sentence in found))
    if errors := _invalid(document, schema, settings):
        return Checked(document, tuple(errors))
    return Checked(document, (), demands(document), _mentions_parts(document))


class _Directives(Visitor):
    """Looks for those that divide an answer."""

    found = False

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.found = self.found or node.name.value in DIVIDING


def _mentions_parts(document: DocumentNode) -> bool:
    looked = _Directives()
    visit(document, looked)
    return looked.found


def _invalid(document: DocumentNode, schema: GraphQLSchema, settings: DocumentSettings) -> list[GraphQLError]:
    if settings.introspection:
        return validate(schema, document, RULES, max_errors=MAX_ERRORS)
    found = validate(schema, document, PRIVATE_RULES, max_errors=1, hide_suggestions=True)
    return [GraphQLError(NOT_TOLD)] if found else []


class Documents:
    """The documents of one schema that were seen last. Hits are counted: a cache that never hits looks merely slow."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._checked: OrderedDict[str, Checked] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def get(self, text: str) -> Checked | None:
        found = self._checked.get(text)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._checked.move_to_end(text)
        return found

    def peek(self, text: str) -> Checked | None:
        """As :meth:`get`, for who only looks on: it is no use of the document, and not counted."""
        return self._checked.get(text)

    def fits(self, text: str) -> bool:
        """Whether the document is remembered, and nothing is wrong with it."""
        found = self._checked.get(text)
        return found is not None and not found.errors

    def put(self, text: str, checked: Checked) -> None:
        if len(text) > LONGEST_REMEMBERED:
            return
        self._checked[text] = checked
        if len(self._checked) > self._capacity:
            self._checked.popitem(last=False)
