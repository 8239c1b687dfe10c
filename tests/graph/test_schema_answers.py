"""Rules of the schema that only answers show, each over everything that the schema has: ids, connections, mutations."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)

from graph import ids
from graph.keys import new_key
from graph.viewer import Viewer
from tests.graph.access.test_access import DENIALS, MUTATIONS, QUERIES, SCHEMA, SUBSCRIPTIONS, document
from tests.graph.access.world import World, fingerprint, make_world

REFUSED = DENIALS | {"BAD_REQUEST"}


@pytest.fixture
async def world(ask: Any) -> World:
    return await make_world(ask.app.state.services.pool)


@pytest.fixture
def admin(world: World) -> Viewer:
    """Who may do everything, so that nothing but the id is wrong."""
    found = world.viewer("admin")
    assert found
    return found


def named(world: World) -> dict[str, str]:
    """An id of every type that has ids."""
    names = "artist album track genre playlist entry picture user upload".split()  # noqa: SIM905 -- read as a list
    found = [getattr(world.named, name) for name in names]
    return {str(decoded[0]): text for text in found if (decoded := ids.decode(text))}


def broken_ids(world: World) -> list[str]:
    track = world.named.track
    return ["", "x", "5", "\u0000", track[:-3], track[4:], track + "=", track.swapcase(), "VHJhY2s6" * 40]


# Ids: each names one thing of one type, and everything else is nothing, never a fault of the server.


async def test_every_node_is_found_by_its_id(ask: Any, world: World, admin: Viewer) -> None:
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    kinds = sorted(kind.name for kind in SCHEMA.get_possible_types(node))
    known = named(world)
    assert set(kinds) == known.keys() - {"Upload"}
    wanted = [known[kind] for kind in kinds]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = await ask.data(query, admin, ids=wanted)
    assert found == [{"__typename": kind, "id": known[kind]} for kind in kinds]
    for one in found:
        assert await ask.data("query($id: ID!) { node(id: $id) { __typename id } }", admin, id=one["id"]) == one


async def test_a_query_answers_null_for_every_id_that_is_not_of_its_type(ask: Any, world: World, admin: Viewer) -> None:
    root = SCHEMA.query_type
    assert root
    for name, field in root.fields.items():
        valid = QUERIES[name][0].arguments(world.named)
        for argument, value in field.args.items():
            if get_named_type(value.type).name != "ID":
                continue
            for text in wrong_for(named(world), get_named_type(field.type).name, argument, world):
                given = [text] if "[" in str(value.type) else text
                body = await ask(document("query", root, name), admin, **{**valid, argument: given})
                assert body.get("data") in ({name: None}, {name: [None]}), (name, text, body)
                assert "errors" not in body, (name, text, body)


def wrong_for(known: dict[str, str], answered: str, argument: str, world: World) -> list[str]:
    """Ids that an argument does not take: by the type that is answered, or by the argument's name."""
    if answered == "Node":
        return [*broken_ids(world), known["Upload"]]
    wanted = argument.removesuffix("Id").capitalize() if argument != "id" else answered
    assert wanted in known, argument
    return [*broken_ids(world), *(text for kind, text in known.items() if kind != wanted)]


TAKES_SEVERAL = {"subjectId": {"Album", "Artist", "Playlist", "Track"}, "entryIds": {"PlaylistEntry"}}
TYPES_BY_NAME = {"before": {"PlaylistEntry"}, "after": {"PlaylistEntry"}} | TAKES_SEVERAL
BY_ROW = {"reportPlays", "upsertTracks"}
"""Each row of these is answered by itself."""


async def test_a_mutation_refuses_every_id_that_is_not_of_its_type(ask: Any, world: World, admin: Viewer) -> None:
    pool, root, tried = ask.app.state.services.pool, SCHEMA.mutation_type, 0
    assert root
    known, before = named(world), await fingerprint(pool)
    for name, field in root.fields.items():
        valid = MUTATIONS[name][0].arguments(world.named)
        text = document("mutation", root, name).replace("{ code }", "{ code field }")
        for path in id_paths(get_nullable_type(field.args["input"].type)):
            for wrong in (*broken_ids(world), *(known[kind] for kind in known.keys() - takes(path[-1]))):
                body = await ask(text, admin, input=put(valid, field.args["input"].type, path, wrong))
                tried += 1
                assert refusal(body, name, path), (name, path, wrong, body)
    assert tried > 400
    assert await fingerprint(pool) == before


def takes(name: str) -> set[str]:
    """The types whose ids go into a field, by its name: `trackId` and `trackIds` take tracks'."""
    if name in TYPES_BY_NAME:
        return TYPES_BY_NAME[name]
    bare = name.removesuffix("s").removesuffix("Id")
    return {bare[0].upper() + bare[1:]}


def id_paths(kind: Any) -> Iterator[tuple[str, ...]]:
    """The places of ids below an input."""
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if inner.name == "ID":
            yield (name,)
        elif isinstance(inner, GraphQLInputObjectType):
            yield from ((name, *rest) for rest in id_paths(inner))


def put(given: Any, kind: Any, path: tuple[str, ...], wrong: str) -> Any:
    """An input with an id in a place of it; what has to be there besides is made up."""
    if isinstance(kind, GraphQLNonNull):
        return put(given, kind.of_type, path, wrong)
    if isinstance(kind, GraphQLList):
        return [put(given[0] if given else None, kind.of_type, path, wrong)]
    if not path:
        return wrong
    name, *rest = path
    made = {} if kind.is_one_of else dict(given or made_up(kind))
    return {**made, name: put(made.get(name), kind.fields[name].type, tuple(rest), wrong)}


def made_up(kind: Any) -> dict[str, Any]:
    required = {name: field.type for name, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)}
    return {name: value_of(get_named_type(kind)) for name, kind in required.items()}


def value_of(kind: Any) -> Any:
    return next(iter(kind.values)) if isinstance(kind, GraphQLEnumType) else {"Int": 1}.get(kind.name, "x")


def refusal(body: dict[str, Any], name: str, path: tuple[str, ...]) -> bool:
    """Whether it is an error of the caller's, at the field where there are fields."""
    if body.get("errors"):
        return {error["extensions"]["code"] for error in body["errors"]} <= REFUSED
    errors = body["data"][name]["userErrors"]
    return name in BY_ROW or any(error["field"][0] == path[0] for error in errors)


async def test_a_subscription_refuses_every_id_that_is_not_of_its_type(
    ask: Any, connect: Any, world: World, admin: Viewer
) -> None:
    root, token = SCHEMA.subscription_type, ask.token(admin)
    assert root
    for name in SUBSCRIPTIONS:
        (argument,) = root.fields[name].args
        wrong = [text for kind, text in named(world).items() if kind not in takes(argument)]
        async with connect() as socket:
            await socket.start({"authorization": f"Bearer {token}"})
            for text in (*broken_ids(world), *wrong):
                told = await socket.operate(document("subscription", root, name), **{argument: text})
                errors = told["payload"] if told["type"] == "error" else told["payload"]["errors"]
                assert {error["extensions"]["code"] for error in errors} <= REFUSED, (name, text, told)
                if told["type"] == "next":
                    assert (await socket.receive())["type"] == "complete"


# Connections: what cannot be a page is told so, wherever it is asked for.

WITHIN = {
    "Query": "{}",
    "User": "viewer {{ {} }}",
    "Library": "viewer {{ library {{ {} }} }}",
    "Listening": "viewer {{ listening {{ {} }} }}",
}
"""How to come to a type that has no id."""
NO_PAGE = {
    "first: 1, last: 1": "exclude each other",
    "first: 0": "`first` must be between 1 and 100",
    "first: -1": "`first` must be between 1 and 100",
    "last: 101": "`last` must be between 1 and 100",
    'first: 1, after: "x"': "`after` is not a cursor",
    'last: 1, before: "x"': "`before` is not a cursor",
}
FORWARD = {"search": 'query: "tune", '}
"""What goes forward alone, and what it needs besides."""


async def test_every_connection_refuses_what_is_no_page(ask: Any, world: World, admin: Viewer) -> None:
    tried = set()
    for kind, name in connections():
        tried.add(kind)
        for given, message in NO_PAGE.items():
            if name in FORWARD and "last" in given:
                continue
            asked = f"{name}({FORWARD.get(name, '')}{given}) {{ pageInfo {{ hasNextPage }} }}"
            body = await ask(within(kind, asked, named(world)), admin)
            (error,) = body["errors"]
            assert (error["extensions"]["code"], error["path"][-1]) == ("BAD_REQUEST", name), (kind, name, given, body)
            assert message in error["message"], (kind, name, given)
    assert tried >= WITHIN.keys()


def connections() -> list[tuple[str, str]]:
    """The types and fields of all connections."""
    return [
        (kind.name, name)
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    ]


def within(kind: str, asked: str, known: dict[str, str]) -> str:
    if kind in WITHIN:
        return f"{{ {WITHIN[kind].format(asked)} }}"
    return f"{{ node(id: {json.dumps(known[kind])}) {{ ... on {kind} {{ {asked} }} }} }}"


# What a mutation answers beside the object.


async def test_a_mutation_answers_queries_as_they_are_after_it(
    ask: Any, world: World, admin: Viewer, counting: Any
) -> None:
    text = """mutation($id: ID!, $album: ID!) {
      likeTrack(input: {trackId: $id}) {
        query { viewer { library { likedTracks(first: 1) { edges { node { id } } } } } node(id: $id) { id } }
        userErrors { code }
      }
      saveAlbum(input: {albumId: $album}) {
        query { viewer { library { savedAlbums { totalCount } } } }
        userErrors { code }
      }
    }"""
    body = await ask(text, admin, id=world.named.track, album=ids.encode("Album", new_key()))
    liked, saved = body["data"]["likeTrack"], body["data"]["saveAlbum"]
    assert liked["query"]["viewer"]["library"]["likedTracks"]["edges"] == [{"node": {"id": world.named.track}}]
    assert liked["query"]["node"] == {"id": world.named.track}
    assert saved["userErrors"] == [{"code": "NOT_FOUND"}]
    assert saved["query"]["viewer"]["library"]["savedAlbums"] == {"totalCount": 0}
    like = "mutation($id: ID!) { likeTrack(input: {trackId: $id}) { userErrors { code }%s } }"
    counts = []
    for more in ("", " query { __typename }", " query { track(id: $id) { title } }"):
        async with counting() as statements:
            await ask.data(like % more, admin, id=world.named.track)
        counts.append(len(statements))
    assert counts == [counts[0], counts[0], counts[0] + 1]
