"""Every kind of change that a client could fail with stops a release; what is added stops none."""

import pytest
from graphql import build_schema

from appliance.published.breaking import breaches

BASE = """
schema { query: Query mutation: Mutation }
directive @kept(by: Int, at: Int) repeatable on FIELD | QUERY
scalar Day @specifiedBy(url: "https://days.example/1#iso")
scalar Free
interface Node { id: ID! }
interface Named { name: String }
type Album implements Node & Named { id: ID! name: String title: String! year(era: Era = NOW, zone: Int): Int }
type Track implements Node { id: ID! tags: [String!]! }
union Found = Album | Track
enum Era { NOW THEN }
input Filter { era: Era = NOW words: [String!] required: Int! }
input Pick { first: Int last: Int }
type Mutation { like(id: ID!): Album }
type Query {
  node(id: ID!): Node found(filter: Filter): [Found!]! album: Album day: Day free: Free page(first: Int = 20): Int
  pick(by: Pick): Int
}
"""

BROKEN = {
    "a type": (
        "type Track implements Node { id: ID! tags: [String!]! }\nunion Found = Album | Track",
        "union Found = Album",
    ),
    "the kind of a type": ("scalar Free", "enum Free { ONE }"),
    "a member of a union": ("Album | Track", "Album"),
    "a value of an enum": ("enum Era { NOW THEN }", "enum Era { NOW }"),
    "an interface": ("implements Node & Named", "implements Node"),
    "a field": ("name: String title", "title"),
    "a field of an interface": ("interface Named { name: String }", "interface Named { other: String }"),
    "the type of a field": ("title: String!", "title: Int!"),
    "that a field is never null": ("title: String!", "title: String"),
    "that a list has no nulls": ("tags: [String!]!", "tags: [String]!"),
    "that a field is a list": ("tags: [String!]!", "tags: String!"),
    "an argument": (", zone: Int", ""),
    "the type of an argument": ("zone: Int", "zone: String"),
    "that an argument may be left out": ("zone: Int", "zone: Int!"),
    "that there is no further argument": ("node(id: ID!)", "node(id: ID!, by: Int!)"),
    "the default of an argument": ("first: Int = 20", "first: Int = 50"),
    "that an argument has a default": ("first: Int = 20", "first: Int"),
    "a field of an input": ("era: Era = NOW words", "words"),
    "the type of an input's field": ("words: [String!]", "words: [Int!]"),
    "that an input's field may be left out": ("words: [String!]", "words: [String!]!"),
    "that an input needs no more": ("input Filter {", "input Filter { more: Int!"),
    "the default of an input's field": ("input Filter { era: Era = NOW", "input Filter { era: Era = THEN"),
    "that an input's field has a default": ("input Filter { era: Era = NOW", "input Filter { era: Era"),
    "that an input takes several fields": ("input Pick {", "input Pick @oneOf {"),
    "a directive": ("directive @kept(by: Int, at: Int) repeatable on FIELD | QUERY", ""),
    "an argument of a directive": ("(by: Int, at: Int)", "(by: Int)"),
    "that a directive's argument may be left out": ("(by: Int, at: Int)", "(by: Int, at: Int, on: Int!)"),
    "that a directive may be repeated": (" repeatable", ""),
    "a place of a directive": ("FIELD | QUERY", "FIELD"),
    "a root type": (" mutation: Mutation", ""),
    "which type is the root": ("mutation: Mutation", "mutation: Track"),
    "what a scalar is": ("days.example/1#iso", "days.example/2#iso"),
}

KEPT = {
    "nothing": ("", ""),
    "a type, a field and an argument more": ("zone: Int): Int", "zone: Int, more: Int = 1): Int new: New"),
    "a value of an enum more": ("NOW THEN", "NOW THEN LATER"),
    "a member of a union more": ("Album | Track", "Album | Track | Mutation"),
    "an input's field more": ("input Filter {", "input Filter { more: Int = 3"),
    "a field that is never null now": ("name: String title", "name: String! title"),
    "an argument that may be left out now": ("like(id: ID!)", "like(id: ID)"),
    "a deprecation": ("title: String!", 'title: String! @deprecated(reason: "Ask name.")'),
    "a default that says null": ("zone: Int", "zone: Int = null"),
    "another part of the same specification": ("days.example/1#iso", "days.example/1#section-2"),
    "a specification where there was none": ("scalar Free", 'scalar Free @specifiedBy(url: "https://free.example")'),
}


def changed(old: str, new: str) -> list[str]:
    assert old in BASE
    more = "\ntype New { id: ID }" if "New" in new else ""
    return breaches(build_schema(BASE), build_schema(BASE.replace(old, new, 1) + more, assume_valid_sdl=True))


@pytest.mark.parametrize(("old", "new"), BROKEN.values(), ids=BROKEN.keys())
def test_nothing_is_taken_from_a_client(old: str, new: str) -> None:
    assert changed(old, new)


@pytest.mark.parametrize(("old", "new"), KEPT.values(), ids=KEPT.keys())
def test_what_is_added_breaks_nobody(old: str, new: str) -> None:
    assert changed(old, new) == []
