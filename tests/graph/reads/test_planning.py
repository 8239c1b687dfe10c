from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode, parse

from graph.reads.models import models_of
from graph.reads.planning import LONGEST_SOURCE, Recent, Spot, remembered
from graph.reads.selection import Document
from graph.schema import schema

TEXT = """query($n: Int, $deep: Boolean, $id: ID!) { artist(id: $id) { name albums(first: $n) { ...A } } }
    fragment A on AlbumConnection { edges @include(if: $deep) { cursor } }"""


def spot(text: str, **variables: Any) -> Spot:
    return at(parse(text), **variables)


def at(parsed: Any, **variables: Any) -> Spot:
    operation = next(node for node in parsed.definitions if isinstance(node, OperationDefinitionNode))
    fragments = {node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)}
    root = operation.selection_set.selections[0]
    assert isinstance(root, FieldNode)
    return Spot((root,), Document(fragments=fragments, variables=variables), models_of(schema()))


def test_the_least_used_is_forgotten_first() -> None:
    recent: Recent[str] = Recent(capacity=2)
    for key in ("a", "b", "a", "c"):
        recent.get(key, lambda key=key: f"first {key}")
    assert [recent.get(key, lambda: "again") for key in ("a", "c", "b")] == ["first a", "first c", "again"]
    assert len(recent) == 2


def test_only_what_directives_say_makes_another_plan() -> None:
    recent, parsed = Recent[object](), parse(TEXT)
    made = [
        remembered(recent, at(parsed, n=size, deep=deep, id=name), "Artist", object)
        for size, deep, name in ((1, True, "x"), (2, True, "y"), (1, False, "x"))
    ]
    assert made[0] is made[1]
    assert made[2] is not made[0]


def test_each_type_at_a_place_has_a_plan_of_its_own() -> None:
    recent, parsed = Recent[object](), parse(TEXT)
    artist, album = (remembered(recent, at(parsed), name, object) for name in ("Artist", "Album"))
    assert artist is not album


def test_a_document_that_is_not_remembered_keeps_no_plan_in_memory() -> None:
    recent = Recent[object]()
    long = spot(f"{TEXT} # {'.' * LONGEST_SOURCE}")
    assert remembered(recent, long, "Artist", object) is not remembered(recent, long, "Artist", object)
    assert len(recent) == 0
