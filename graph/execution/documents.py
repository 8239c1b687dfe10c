"""Documents are limited, parsed and validated once, and remembered by their text.

Strawberry's own caches key validation on the syntax tree, whose hash graphql-core 3.3 computes anew in time
proportional to the document, and on the identity of rule classes that a factory makes anew for each request. Here the
text is the key, and what is kept is the tree with the verdict.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import msgspec
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from graph.execution.limits import violations

CAPACITY = 512
MAX_TOKENS = 2000
"""The standard introspection query has about 350, our largest client document about 300."""
LONGEST_REMEMBERED = 32 * 1024
"""Characters. Within the limit of tokens a document may still have a megabyte of comments; the cache would keep it."""


class Checked(msgspec.Struct, frozen=True):
    """A parsed document and what is wrong with it: nothing, if it may be executed."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]


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

    def put(self, text: str, checked: Checked) -> None:
        if len(text) > LONGEST_REMEMBERED:
            return
        self._checked[text] = checked
        if len(self._checked) > self._capacity:
            self._checked.popitem(last=False)


class DocumentCache(SchemaExtension):
    """Takes parsing and validation from `documents`, and puts what is new there; one instance for an operation."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._found: Checked | None = None

    def on_parse(self) -> Iterator[None]:
        execution = self.execution_context
        execution.parse_options["max_tokens"] = MAX_TOKENS
        if execution.query:
            self._found = self._documents.get(execution.query)
        if self._found is not None:
            execution.graphql_document = self._found.document
        yield

    def on_validate(self) -> Iterator[None]:
        execution = self.execution_context
        document = execution.graphql_document
        if document is not None and self._ambiguous(document):
            execution.pre_execution_errors = [GraphQLError("Name the operation: the document has several.")]
            yield
            return
        if self._found is not None:
            execution.pre_execution_errors = list(self._found.errors)
        elif document is not None and (found := violations(document)):
            # Validation is skipped: its cost is one of the things that the limits are for.
            execution.pre_execution_errors = [GraphQLError(sentence) for sentence in found]
        yield
        if self._found is None and document is not None and execution.query:
            errors = tuple(execution.pre_execution_errors or ())
            self._documents.put(execution.query, Checked(document, errors))

    def _ambiguous(self, document: DocumentNode) -> bool:
        """Whether nobody said which of several operations to run; Strawberry would run the first."""
        operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
        named = self.execution_context._provided_operation_name  # noqa: SLF001 -- `operation_name` guesses
        return operations > 1 and named is None
