"""How large a document may be, measured before it is validated or executed.

Depth, fields, aliases and directives are counted as execution would meet them, with every fragment expanded at each of
its spreads, so a short document of nested fragments counts for what it makes the executor do. Each fragment is measured
once, whatever the number of its spreads: the measuring itself is linear. Introspection fields count as fields but not
as depth, because the standard introspection query is deeper than any page.

Pure: an AST in, what is wrong out. Not here: the number of tokens, which the parser limits (`gate`), and what the
answer may cost, which depends on the variables (`cost`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from config.settings import DocumentSettings

MAX_REPEATS = 20
"""Fields that stand again beside themselves. No client writes that; each costs a merge and tells nothing new."""
CREDENTIALS = frozenset({"signIn", "signUp", "refreshSession", "changePassword"})
"""Root fields that an operation may hold once: aliases would make one request many guesses."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What one selection set counts for when its fragments are expanded."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    repeats: int = 0

    def beside(self, other: Measure) -> Measure:
        return Measure(
            depth=max(self.depth, other.depth),
            fields=self.fields + other.fields,
            aliases=self.aliases + other.aliases,
            directives=self.directives + other.directives,
            repeats=self.repeats + other.repeats,
        )


def violations(document: DocumentNode, limits: DocumentSettings) -> list[str]:
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
            found += [f"`{name}` may stand once in an operation." for name in sorted(CREDENTIALS) if roots[name] > 1]
    for name, limit_of in LIMITS.items():
        value, limit = getattr(total, name), limit_of(limits)
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
        total = Measure(repeats=_repeats(selections))
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
            fields=inner.fields + 1,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives,
            repeats=inner.repeats,
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


def _repeats(selections: SelectionSetNode) -> int:
    """How many fields of a selection set stand there a second time or more, under the same name."""
    keys = [(node.alias or node.name).value for node in selections.selections if isinstance(node, FieldNode)]
    return len(keys) - len(set(keys))


LIMITS: dict[str, Callable[[DocumentSettings], int]] = {
    "depth": lambda limits: limits.max_depth,
    "fields": lambda limits: limits.max_fields,
    "aliases": lambda limits: limits.max_aliases,
    "directives": lambda limits: limits.max_directives,
    "repeats": lambda _: MAX_REPEATS,
}
