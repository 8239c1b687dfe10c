"""The page about keeping a copy of a library: every operation on it, in its order, against the API."""

from typing import Any

from graph import ids
from graph.viewer import Role
from tests.graph.pages import Page


async def test_a_copy_follows_what_another_device_does(ask, add_user, add_track) -> None:
    page = Page("sync.md")
    listener, artist = await add_user(Role.LISTENER), await add_user(Role.ARTIST)
    tracks = [ids.encode("Track", await add_track(artist, ready=1000)) for _ in range(2)]
    make = 'mutation { createPlaylist(input: {name: "Evening"}) { playlist { id } } }'
    playlist = (await ask.data(make, listener))["playlist"]["id"]

    async def do(name: str, **variables: Any) -> Any:
        return await ask.data(page.document(name), listener, **variables)

    cursor = (await do("Begin"))["changes"]["cursor"]
    (edge,) = (await do("Playlists"))["playlists"]["edges"]
    assert (edge["node"]["id"], edge["node"]["entries"]["edges"]) == (playlist, [])

    added = await do("Add", input={"playlistId": playlist, "trackIds": tracks})
    first, second = (entry["id"] for entry in added["entries"])
    told = (await do("Changes", after=cursor))["changes"]
    assert [(one["part"], one["nodeId"]) for one in told["changes"]] == [
        ("PLAYLIST", playlist),
        ("PLAYLIST_ENTRY", first),
        ("PLAYLIST_ENTRY", second),
    ]
    copy = {one["nodeId"]: one["node"]["position"] for one in told["changes"][1:]}

    move = {"playlistId": playlist, "revision": added["revision"], "entryIds": [second], "place": {"end": "START"}}
    moved = await do("Move", input=move)
    told = (await do("Changes", after=told["cursor"]))["changes"]
    copy |= {one["nodeId"]: one["node"]["position"] for one in told["changes"] if one["part"] == "PLAYLIST_ENTRY"}
    assert sorted(copy, key=lambda entry: copy[entry].encode()) == [second, first]
    assert [edge["node"]["id"] for edge in moved["playlist"]["entries"]["edges"]] == [second, first]

    stale = await do("Move", input=move)
    assert (stale["userErrors"][0]["code"], stale["revision"]) == ("STALE_REVISION", moved["revision"])
    assert await do("Revisions", ids=[playlist]) == [{"id": playlist, "revision": moved["revision"]}]
    assert page.left == set()
