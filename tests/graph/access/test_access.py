"""Who may do what: every query, mutation and subscription against seven actors. A new field without a row fails.

Denied means an error, nothing where something is, or a refusal that says no more than that there is no such thing; and
that no row of any table is another one afterwards.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, build_schema, get_named_type, is_composite_type

from graph import ids
from graph.schema import printed
from tests.graph.access.fields import BEHIND, PAGED, PRIVATE, PUBLIC, Private, doors, objects
from tests.graph.access.world import ACTORS, World, fingerprint, make_world

SCHEMA = build_schema(printed())
DENIALS = {"UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"}
"""Codes of errors, and of `userErrors`."""

ALL = frozenset(ACTORS)
SIGNED = ALL - {"anonymous"}
PUBLISHERS = frozenset({"artist", "other artist", "label", "admin"})
OWNER = frozenset({"artist", "admin"})
LISTENER = frozenset({"listener"})
KEEPERS = frozenset({"listener", "admin"})


class Row(NamedTuple):
    """One thing to ask: the arguments (of a mutation: its input), made of the ids of a world, and who gets it."""

    arguments: Callable[[Any], dict[str, Any]]
    allowed: frozenset[str]


def by(name: str, /, **others: Any) -> Callable[[Any], dict[str, Any]]:
    """The arguments of a field that takes one id of the world, by the name of its argument."""
    argument, _, key = name.partition("=")
    return lambda named: {argument: getattr(named, key), **others}


MUTATIONS: dict[str, list[Row]] = {
    "signUp": [
        Row(
            lambda n: {"email": f"{n.slug}@tests.example", "password": "a long enough passphrase", "displayName": "X"},
            ALL,
        )
    ],
    "signIn": [Row(lambda _: {"email": "nobody@tests.example", "password": "x"}, ALL)],
    "refreshSession": [Row(lambda _: {"refreshToken": "x"}, ALL)],
    "signOut": [Row(lambda _: {"refreshToken": "x"}, ALL)],
    "updateAccount": [Row(lambda _: {"displayName": "Y"}, SIGNED)],
    "changePassword": [Row(lambda _: {"currentPassword": "x", "newPassword": "a long enough passphrase"}, SIGNED)],
    "createArtist": [Row(lambda _: {"name": "X"}, PUBLISHERS)],
    "createAlbum": [Row(by("artistId=artist", title="X"), OWNER)],
    "createTrack": [Row(by("artistId=artist", title="X"), OWNER)],
    "updateAlbum": [Row(by("albumId=album", title="X"), OWNER), Row(by("albumId=draft", title="X"), OWNER)],
    "updateTrack": [Row(by("trackId=track", title="X"), OWNER), Row(by("trackId=hidden", title="X"), OWNER)],
    "updateArtist": [Row(by("artistId=artist", name="X"), OWNER)],
    "withdrawTrack": [Row(by("trackId=track"), OWNER)],
    "reinstateTrack": [Row(by("trackId=track"), OWNER)],
    "deleteTrack": [Row(by("trackId=hidden"), OWNER), Row(by("trackId=track"), OWNER)],
    "deleteAlbum": [Row(by("albumId=draft"), OWNER)],
    "deleteArtist": [Row(by("artistId=artist"), OWNER)],
    "handOverArtist": [Row(lambda n: {"artistId": n.artist, "userId": n.other}, OWNER)],
    "setTrackLicences": [Row(by("trackId=track", licences=[{"markets": ["DE"]}]), OWNER)],
    "upsertTracks": [Row(lambda n: {"tracks": [{"key": "k", "title": "X", "artist": n.slug}]}, PUBLISHERS)],
    "createUpload": [
        Row(
            lambda n: {
                "trackId": n.hidden,
                "fileName": "a.wav",
                "contentType": "audio/wav",
                "sizeBytes": 1,
                "sha256": n.digest,
            },
            OWNER,
        )
    ],
    "completeUpload": [Row(by("uploadId=upload"), OWNER)],
    "abortUpload": [Row(by("uploadId=upload"), OWNER)],
    "createImageUpload": [Row(lambda n: {"contentType": "image/png", "sizeBytes": 1, "sha256": n.digest}, SIGNED)],
    "completeImageUpload": [Row(by("imageId=image"), OWNER)],
    "setArtwork": [
        Row(lambda n: {"subjectId": n.album, "imageId": n.picture}, OWNER),
        Row(lambda n: {"subjectId": n.private, "imageId": None}, KEEPERS),
    ],
    "startPlayback": [Row(by("trackId=track"), SIGNED)],
    "startAlbumPlayback": [Row(by("albumId=album"), SIGNED)],
    "startGaplessPlayback": [Row(lambda n: {"trackIds": [n.track]}, SIGNED)],
    "reportPlayback": [Row(by("trackId=track", state="PLAYING", positionMs=1), SIGNED)],
    "setListeningPrivacy": [Row(lambda _: {"private": True}, SIGNED)],
    "likeTrack": [Row(by("trackId=track"), SIGNED), Row(by("trackId=hidden"), OWNER)],
    "unlikeTrack": [Row(by("trackId=track"), SIGNED)],
    "saveAlbum": [Row(by("albumId=album"), SIGNED), Row(by("albumId=draft"), OWNER)],
    "unsaveAlbum": [Row(by("albumId=album"), SIGNED)],
    "followArtist": [Row(by("artistId=artist"), SIGNED)],
    "unfollowArtist": [Row(by("artistId=artist"), SIGNED)],
    "followUser": [Row(by("userId=user"), SIGNED)],
    "unfollowUser": [Row(by("userId=user"), SIGNED)],
    "followPlaylist": [Row(by("playlistId=playlist"), SIGNED), Row(by("playlistId=private"), KEEPERS)],
    "unfollowPlaylist": [Row(by("playlistId=playlist"), SIGNED)],
    "reportPlay": [
        Row(lambda n: {"clientKey": n.slug, "trackId": n.track, "startedAt": n.now, "playedMs": 60000}, SIGNED)
    ],
    "reportPlays": [
        Row(lambda n: {"plays": [{"clientKey": n.slug, "trackId": n.track, "startedAt": n.now, "playedMs": 1}]}, SIGNED)
    ],
    "createPlaylist": [Row(lambda _: {"name": "X"}, SIGNED)],
    "updatePlaylist": [Row(by("playlistId=playlist", revision=1, name="X"), KEEPERS)],
    "deletePlaylist": [Row(by("playlistId=playlist"), KEEPERS), Row(by("playlistId=private"), KEEPERS)],
    "addPlaylistEntries": [Row(lambda n: {"playlistId": n.playlist, "trackIds": [n.track]}, KEEPERS)],
    "movePlaylistEntries": [
        Row(
            lambda n: {"playlistId": n.playlist, "revision": 1, "entryIds": [n.entry], "place": {"end": "END"}},
            KEEPERS,
        )
    ],
    "removePlaylistEntries": [Row(lambda n: {"playlistId": n.playlist, "revision": 1, "entryIds": [n.entry]}, KEEPERS)],
    "createShareLink": [Row(by("subjectId=track"), SIGNED), Row(by("subjectId=private"), KEEPERS)],
}
QUERIES: dict[str, list[Row]] = {
    "node": [
        Row(by("id=track"), ALL),
        Row(by("id=hidden"), OWNER),
        Row(by("id=draft"), OWNER),
        Row(by("id=private"), KEEPERS),
        Row(by("id=private_entry"), KEEPERS),
        Row(by("id=image"), OWNER),
        *(Row(by(f"id={name}"), ALL) for name in ("artist", "album", "genre", "picture", "playlist", "entry", "user")),
    ],
    "nodes": [Row(lambda n: {"ids": [n.hidden]}, OWNER), Row(lambda n: {"ids": [n.track]}, ALL)],
    "viewer": [Row(lambda _: {}, SIGNED)],
    "user": [Row(by("id=user"), ALL)],
    "artist": [Row(by("id=artist"), ALL)],
    "album": [Row(by("id=album"), ALL), Row(by("id=draft"), OWNER)],
    "track": [Row(by("id=track"), ALL), Row(by("id=hidden"), OWNER)],
    "genre": [Row(by("id=genre"), ALL)],
    "genres": [Row(lambda _: {}, ALL)],
    "image": [Row(by("id=picture"), ALL), Row(by("id=image"), OWNER)],
    "search": [Row(lambda _: {"query": "tune"}, ALL)],
    "playlist": [Row(by("id=playlist"), ALL), Row(by("id=private"), KEEPERS)],
    "trendingTracks": [Row(lambda _: {"over": "DAY"}, ALL)],
    "shareLink": [Row(lambda n: {"slug": n.slug}, ALL)],
}
SUBSCRIPTIONS: dict[str, list[Row]] = {
    "ingestProgress": [Row(by("trackId=track"), OWNER)],
    "nowPlaying": [Row(by("userId=user"), LISTENER)],
}


def document(operation: str, root: GraphQLObjectType, field: str) -> str:
    """An operation that asks for one field, with all of its arguments in variables, and for as little as it may."""
    asked = root.fields[field]
    variables = listed(f"${name}: {argument.type}" for name, argument in asked.args.items())
    arguments = listed(f"{name}: ${name}" for name in asked.args)
    selected = "userErrors { code }" if operation == "mutation" else "__typename"
    selection = f" {{ {selected} }}" if is_composite_type(get_named_type(asked.type)) else ""
    return f"{operation}{variables} {{ {field}{arguments}{selection} }}"


def listed(parts: Iterable[str]) -> str:
    text = ", ".join(parts)
    return f"({text})" if text else ""


def denied(body: dict[str, Any]) -> bool:
    if body.get("errors"):
        codes = {error["extensions"]["code"] for error in body["errors"]}
        assert codes <= DENIALS, body
        return True
    (value,) = body["data"].values()
    if isinstance(value, dict) and "userErrors" in value:
        return bool({error["code"] for error in value["userErrors"]} & DENIALS)
    return value is None or value == [None]


async def who_may(ask: Any, operation: str, field: str, row: Row) -> set[str]:
    """Those who are not denied. What is denied must change nothing; what is not is asked in a world of its own."""
    pool = ask.app.state.services.pool
    root = {"query": SCHEMA.query_type, "mutation": SCHEMA.mutation_type}[operation]
    assert root is not None
    text = document(operation, root, field)

    async def is_denied(world: World, actor: str) -> bool:
        arguments = row.arguments(world.named)
        variables = {"input": arguments} if operation == "mutation" else arguments
        return denied(await ask(text, world.viewer(actor), **variables))

    world = await make_world(pool)
    before = await fingerprint(pool)
    found = {actor for actor in sorted(ALL - row.allowed) if not await is_denied(world, actor)}
    assert found or await fingerprint(pool) == before, f"{field} was denied, and something changed"
    for actor in sorted(row.allowed):
        world = await make_world(pool) if operation == "mutation" else world
        found |= set() if await is_denied(world, actor) else {actor}
    return found


def test_every_field_has_a_row() -> None:
    tables = (
        (SCHEMA.query_type, QUERIES),
        (SCHEMA.mutation_type, MUTATIONS),
        (SCHEMA.subscription_type, SUBSCRIPTIONS),
    )
    for root, table in tables:
        assert root is not None
        assert set(root.fields) == set(table)


async def test_every_kind_of_node_has_a_row(pool: Any) -> None:
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    named = (await make_world(pool)).named
    asked = {found[0] for row in QUERIES["node"] if (found := ids.decode(row.arguments(named)["id"]))}
    assert asked == {kind.name for kind in SCHEMA.get_implementations(node).objects}


@pytest.mark.parametrize(
    ("operation", "table"),
    [pytest.param("query", QUERIES, id="queries"), pytest.param("mutation", MUTATIONS, id="mutations")],
)
async def test_each_may_what_the_table_says(ask: Any, operation: str, table: dict[str, list[Row]]) -> None:
    wrong = {}
    for field, rows in table.items():
        for number, row in enumerate(rows):
            found = await who_may(ask, operation, field, row)
            if found != row.allowed:
                wrong[f"{field} {number}"] = {"more": sorted(found - row.allowed), "fewer": sorted(row.allowed - found)}
    assert not wrong, json.dumps(wrong, indent=1)


async def test_each_may_watch_what_the_table_says(ask: Any, connect: Any) -> None:
    services = ask.app.state.services
    root = SCHEMA.subscription_type
    assert root is not None
    for field, rows in SUBSCRIPTIONS.items():
        for row in rows:
            world = await make_world(services.pool)
            await play(ask, world)
            text = document("subscription", root, field)
            payload = {"query": text, "variables": row.arguments(world.named)}
            tokens = {actor: ask.token(viewer) for actor, viewer in world.viewers.items()}
            found = {actor for actor in ACTORS if await may_watch(connect, tokens.get(actor), payload)}
            assert (field, found) == (field, set(row.allowed))


async def play(ask: Any, world: World) -> None:
    """The listener plays something, so that there is something to see."""
    mutation = "mutation($input: ReportPlaybackInput!) { reportPlayback(input: $input) { userErrors { code } } }"
    track = {"trackId": world.named.track, "state": "PLAYING", "positionMs": 1}
    assert not denied(await ask(mutation, world.viewer("listener"), input=track))


async def may_watch(connect: Any, token: str | None, payload: dict[str, Any]) -> bool:
    async with connect() as socket:
        await socket.start({} if token is None else {"authorization": f"Bearer {token}"})
        await socket.send({"id": "1", "type": "subscribe", "payload": payload})
        return not denied((await socket.receive())["payload"])


def test_every_field_of_every_object_is_public_or_private() -> None:
    """A new field is forgotten by nobody: it is in one of the tables of `tests.graph.access.fields`."""
    for name, kind in objects(SCHEMA).items():
        if name not in BEHIND:
            listed_fields = {*PUBLIC.get(name, "").split(), *PRIVATE.get(name, {})}
            assert set(kind.fields) - (PAGED if name.endswith(("Connection", "Edge")) else set()) == listed_fields, name
    assert not BEHIND - set(objects(SCHEMA))


@pytest.mark.parametrize("name", sorted(BEHIND))
def test_what_is_behind_a_door_has_no_other(name: str) -> None:
    closed = {f"{kind}.{field}" for kind, fields in PRIVATE.items() for field in fields}
    closed |= {f"Subscription.{field}" for field in SUBSCRIPTIONS}
    found = doors(SCHEMA, name)
    assert found
    open_doors = {door for door in found if not door.endswith("Payload") and door.partition(".")[0] not in BEHIND}
    assert open_doors <= closed


@pytest.mark.parametrize("type_name", sorted(PRIVATE))
async def test_private_fields_are_told_to_whom_the_table_says(ask: Any, type_name: str) -> None:
    world = await make_world(ask.app.state.services.pool)
    kind = SCHEMA.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    wrong = {}
    for field, private in PRIVATE[type_name].items():
        asked = selected(kind, field, private, world)
        text = f"query($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {asked} }} }} }}"
        told = set()
        for actor in ACTORS:
            body = await ask(text, world.viewer(actor), id=getattr(world.named, private.subject))
            assert "errors" not in body, body
            told |= set() if list(body["data"]["node"].values()) in ([None], [{"edges": []}]) else {actor}
        if told != private.told:
            wrong[field] = {"more": sorted(told - private.told), "fewer": sorted(private.told - told)}
    assert not wrong, json.dumps(wrong, indent=1)


def selected(kind: GraphQLObjectType, field: str, private: Private, world: World) -> str:
    answered = get_named_type(kind.fields[field].type)
    pages = isinstance(answered, GraphQLObjectType) and "edges" in answered.fields
    selection = " { edges { cursor } }" if pages else " { __typename }" if is_composite_type(answered) else ""
    return f"{field}{private.arguments.format(**vars(world.named))}{selection}"
