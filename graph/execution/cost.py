"""What an operation may cost, known before any of it runs.

An object costs 1; a connection costs 1, and for each row of a full page the row and what is selected in it;
`nodes(ids:)` the same for each id. `pageInfo` alone reads the page as well. Names in :data:`WEIGHTS` cost more, and so
does every root field of a mutation or a subscription, and a deferred fragment each time that it is entered. Columns,
`edges`, `node` and `pageInfo` cost nothing by themselves. `docs/protocol.md` tells clients.

A page may have its size in a variable, so a document has no cost, but a :class:`Price`: it is made once, kept with the
parsed document, and summed up for the variables of each request. Fragments are shared, not copied, so that making and
summing are linear in the document.

Pure. Not here: what may be spent (`graph.protection.rates`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

import msgspec
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)

from graph.execution.limits import CREDENTIALS, Ruler
from graph.paging import DEFAULT_PAGE, MAX_PAGE

WRITE = 10
"""Of a root field that changes something, or that keeps a stream open."""
DEFERRED = 1
"""Of a deferred fragment: a part of the answer, with reads of its own."""
TOTAL = "totalCount"
WEIGHTS = {
    "search": 10,  # three searches by words and by likeness
    TOTAL: 5,  # counts every row of the connection, not those of the page
    "signIn": 100,  # these hash a password, which is made to be slow
    "signUp": 100,
    "changePassword": 200,  # this one two
}
FREE = frozenset({"edges", "node", "pageInfo"})
OF_PAGES = frozenset({"edges", "pageInfo"})
"""Either of them makes the field around it a page that is read."""
SIZES = frozenset({"first", "last"})
CEILING = 10**12
"""Sums end here: a document may nest pages until a number fills the memory."""
NEW = 100
"""Of a document that was not found to fit the schema before: parsing and judging it takes 2 ms, as 100 rows do."""
CHARACTERS_A_POINT = 5
"""Of such a document: one as large as the limits allow takes 25 ms."""


class Kind(Enum):
    """The class of an operation; each has a rate of its own."""

    CREDENTIALS = "credentials"
    MUTATION = "mutations"
    QUERY = "queries"
    SUBSCRIPTION = "subscriptions"


class Price(msgspec.Struct, frozen=True):
    """A sum: points, and shares that are paid several times over."""

    fixed: int = 0
    shares: tuple[Share, ...] = ()
    total: int = 0
    """What is paid once by the field around it, and not for each row of its page."""
    paged: bool = False
    """Whether the field around the selection is a page that is read."""


class Share(msgspec.Struct, frozen=True):
    """Part of a price; `times` is a number, or the variables that hold it."""

    price: Price
    times: int | Times = 1


class Times(msgspec.Struct, frozen=True):
    """A page size or a list of ids that stands in a variable."""

    variable: str


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What one operation asks for."""

    kind: Kind
    price: Price
    defaults: Mapping[str, int]
    """Of the operation's whole-number variables."""

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Points for these variables; what a variable cannot be, such as a text, counts as the largest page."""
        return min(CEILING, _sum(self.price, {**self.defaults, **variables}, {}))


def of_reading(text: str) -> int:
    """Points for a new document, whatever it will turn out to be: garbage is read like everything else."""
    return NEW + len(text) // CHARACTERS_A_POINT


def demands(document: DocumentNode) -> dict[str, Demand]:
    """The demand of every operation of a document, by its name; an operation without one is the empty name."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    pricing, ruler = Pricing(fragments), Ruler(fragments)
    found = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            roots = ruler.roots(node.selection_set)
            written = 0 if node.operation is OperationType.QUERY else WRITE * roots.total()
            price = pricing.of(node.selection_set)
            found[node.name.value if node.name else ""] = Demand(
                kind=_kind(node.operation, roots),
                price=Price(written + price.total, (Share(price),)),
                defaults=_defaults(node),
            )
    return found


def _kind(operation: OperationType, roots: Iterable[str]) -> Kind:
    if operation is OperationType.SUBSCRIPTION:
        return Kind.SUBSCRIPTION
    if operation is OperationType.MUTATION:
        return Kind.MUTATION if CREDENTIALS.isdisjoint(roots) else Kind.CREDENTIALS
    return Kind.QUERY


def _defaults(operation: OperationDefinitionNode) -> dict[str, int]:
    return {
        variable.variable.name.value: _whole(variable.default_value)
        for variable in operation.variable_definitions or ()
        if isinstance(variable.default_value, IntValueNode)
    }


class Pricing:
    """Prices selection sets of one document, every fragment once. A fragment inside itself costs nothing there."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._priced: dict[str, Price] = {}

    def of(self, selections: SelectionSetNode) -> Price:
        parts = [self._part(node) for node in selections.selections]
        return Price(
            sum(part.fixed for part in parts if not part.shares),
            tuple(Share(part) for part in parts if part.shares),
            total=sum(part.total for part in parts),
            paged=any(part.paged for part in parts),
        )

    def _part(self, node: object) -> Price:
        if isinstance(node, FieldNode):
            return self._field(node)
        if isinstance(node, InlineFragmentNode):
            return _entered(node, self.of(node.selection_set))
        return _entered(node, self._fragment(node.name.value)) if isinstance(node, FragmentSpreadNode) else Price()

    def _field(self, node: FieldNode) -> Price:
        name = node.name.value
        if node.selection_set is None:
            return Price(total=WEIGHTS[TOTAL]) if name == TOTAL else Price(WEIGHTS.get(name, 0))
        inner = self.of(node.selection_set)
        own = inner.total + (0 if name in FREE else WEIGHTS.get(name, 1))
        times = _times(node, is_page=inner.paged)
        if times is None:
            return Price(own + inner.fixed, inner.shares, paged=name in OF_PAGES)
        # A row costs 1 before anything is selected in it.
        row = Price(inner.fixed + 1, inner.shares)
        if isinstance(times, int) and not row.shares:
            return Price(own + times * row.fixed)
        return Price(own, (Share(row, times),))

    def _fragment(self, name: str) -> Price:
        if name not in self._priced:
            self._priced[name] = Price()
            if name in self._fragments:
                self._priced[name] = self.of(self._fragments[name].selection_set)
        return self._priced[name]


def _entered(fragment: InlineFragmentNode | FragmentSpreadNode, price: Price) -> Price:
    """The price of a fragment where it is entered."""
    if not any(directive.name.value == "defer" for directive in fragment.directives or ()):
        return price
    return Price(DEFERRED, (Share(price),), total=price.total, paged=price.paged)


def _times(field: FieldNode, *, is_page: bool) -> int | Times | None:
    """How many rows a field may answer; None for a field that is neither a page nor `nodes(ids:)`."""
    arguments = {argument.name.value: argument for argument in field.arguments or ()}
    if is_page:
        sizes = [_size(arguments[name]) for name in sorted(SIZES & arguments.keys())]
        # With `first` and `last` together it is refused when it runs; one of them is enough for its price.
        return sizes[0] if sizes else DEFAULT_PAGE
    return _size(arguments["ids"]) if "ids" in arguments else None


def _size(argument: ArgumentNode) -> int | Times:
    if isinstance(argument.value, VariableNode):
        return Times(argument.value.name.value)
    if isinstance(argument.value, ListValueNode):
        return len(argument.value.values)
    return _whole(argument.value)


def _whole(node: object) -> int:
    """The value of a whole number; sizes below 1, and of endless digits, are refused when it runs."""
    text = node.value if isinstance(node, IntValueNode) else ""
    return max(1, int(text)) if 0 < len(text) < 6 else MAX_PAGE


def _sum(price: Price, variables: Mapping[str, Any], summed: dict[int, int]) -> int:
    """`summed` holds what is known of shared prices, by identity: a fragment is summed once, however often spread."""
    known = summed.get(id(price))
    if known is None:
        known = price.fixed
        for share in price.shares:
            times = share.times if isinstance(share.times, int) else _given(variables.get(share.times.variable))
            known = min(CEILING, known + times * _sum(share.price, variables, summed))
        summed[id(price)] = known
    return known


def _given(value: object) -> int:
    if isinstance(value, list):
        return len(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return min(max(1, value), MAX_PAGE)
    return MAX_PAGE
