"""How large a document may be, measured before it is validated or executed.

Depth, fields and aliases are counted as execution would meet them, with every fragment expanded at each of its spreads,
so a short document of nested fragments counts for what it costs. Each fragment is measured once, whatever the number of
its spreads: the measuring itself is linear. Introspection fields count as fields but not as depth, because the standard
introspection query is deeper than any page. Nodes are those of connections when every page is full, multiplied along
the path, and those of `nodes(ids:)`: what a document may make the executor complete is known before any of it is.

Pure: an AST in, what is wrong out. Not here: the number of tokens, which the parser limits (`documents`).
"""

from __future__ import annotations

from collections import Counter

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from graph.paging import DEFAULT_PAGE, MAX_PAGE

MAX_DEPTH = 12
"""A search result's album's tracks' artists is 9 deep."""
MAX_NODES = 20_000
"""Two full pages inside each other are 10,100; three would be a million."""
MAX_FIELDS = 1000
MAX_ALIASES = 30
MAX_DIRECTIVES = 50
ONCE = frozenset({"signIn", "signUp", "refreshSession"})
"""Root fields that an operation may hold once: aliases would make one request many guesses."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What one selection set costs when its fragments are expanded."""

    depth: int = 0
    nodes: int = 0
    edges: bool = False
    """Whether `edges` stands in it, so that the field around it is a connection."""
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: Measure) -> Measure:
        return Measure(
            depth=max(self.depth, other.depth),
            nodes=self.nodes + other.nodes,
            edges=self.edges or other.edges,
            fields=self.fields + other.fields,
            aliases=self.aliases + other.aliases,
            directives=self.directives + other.directives,
        )


def violations(document: DocumentNode) -> list[str]:
    """What exceeds a limit, one sentence each; empty when the document may be validated."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    ruler = Ruler(fragments)
    total = Measure()
    found = []
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            own = Measure(directives=len(node.directives or ()))
            total = total.beside(own).beside(ruler.measure(node.selection_set))
            roots = ruler.roots(node.selection_set)
            found += [f"`{name}` may stand once in an operation." for name in sorted(ONCE) if roots[name] > 1]
    for name, limit in LIMITS.items():
        value = getattr(total, name)
        if value > limit:
            found.append(f"The document has {name} of {min(value, 10**6)}; the limit is {limit}.")
    return found


class Ruler:
    """Measures selection sets of one document, every fragment once.

    A fragment inside itself, and one that is not there, count as nothing: validation refuses them.
    """

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._measured: dict[str, Measure] = {}
        self._roots: dict[str, Counter[str]] = {}

    def measure(self, selections: SelectionSetNode) -> Measure:
        total = Measure()
        for node in selections.selections:
            total = total.beside(Measure(directives=len(node.directives or ())))
            if isinstance(node, FieldNode):
                total = total.beside(self._field(node))
            elif isinstance(node, FragmentSpreadNode):
                total = total.beside(self._fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                total = total.beside(self.measure(node.selection_set))
        return total

    def roots(self, selections: SelectionSetNode) -> Counter[str]:
        """How often each root field stands in an operation."""
        names: Counter[str] = Counter()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                names[node.name.value] += 1
            elif isinstance(node, FragmentSpreadNode):
                names += self._fragment_roots(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                names += self.roots(node.selection_set)
        return names

    def _field(self, node: FieldNode) -> Measure:
        inner = self.measure(node.selection_set) if node.selection_set else Measure()
        introspection = node.name.value.startswith("__")
        return Measure(
            depth=0 if introspection else inner.depth + 1,
            nodes=_nodes(node, inner),
            edges=node.name.value == "edges",
            fields=inner.fields + 1,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives,
        )

    def _fragment(self, name: str) -> Measure:
        if name not in self._measured:
            self._measured[name] = Measure()
            if name in self._fragments:
                self._measured[name] = self.measure(self._fragments[name].selection_set)
        return self._measured[name]

    def _fragment_roots(self, name: str) -> Counter[str]:
        if name not in self._roots:
            self._roots[name] = Counter()
            if name in self._fragments:
                self._roots[name] = self.roots(self._fragments[name].selection_set)
        return self._roots[name]


def _nodes(field: FieldNode, inner: Measure) -> int:
    many = page_size(field) if inner.edges else ids_given(field)
    return inner.nodes if many is None else many * (1 + inner.nodes)


def ids_given(field: FieldNode) -> int | None:
    """How many things a field answers that is asked for several by their ids; None for every other field."""
    for argument in field.arguments or ():
        if argument.name.value == "ids":
            return len(argument.value.values) if isinstance(argument.value, ListValueNode) else MAX_PAGE
    return None


def page_size(connection: FieldNode) -> int:
    """How many nodes a connection may answer; a variable may hold the largest page, and larger ones are refused."""
    for argument in connection.arguments or ():
        if argument.name.value == "first":
            text = argument.value.value if isinstance(argument.value, IntValueNode) else ""
            # A page below 1 or of endless digits is refused when it runs; here it must not lower a sum, or break it.
            return max(1, int(text)) if 0 < len(text) < 6 else MAX_PAGE
    return DEFAULT_PAGE


LIMITS = {
    "depth": MAX_DEPTH,
    "nodes": MAX_NODES,
    "fields": MAX_FIELDS,
    "aliases": MAX_ALIASES,
    "directives": MAX_DIRECTIVES,
}
