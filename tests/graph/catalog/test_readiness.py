"""Who sees a track before its master is ready, and what a ready one shows of it."""

from typing import Any

from graph.viewer import Role, Viewer
from tests.graph.catalog.catalogue import Catalogue


async def test_a_track_that_is_not_ready_is_there_for_owner_and_admins_only(
    ask: Any, owner: Viewer, add_user: Any, catalogue: Catalogue
) -> None:
    artist = await catalogue.artist()
    album = await catalogue.album(artist)
    track = await catalogue.track(artist, albumId=album)
    places = f"""{{
      node(id: "{track}") {{ id }}
      nodes(ids: ["{track}"]) {{ id }}
      track(id: "{track}") {{ id }}
      album(id: "{album}") {{ tracks {{ edges {{ node {{ id }} }} }} }}
      artist(id: "{artist}") {{ tracks {{ edges {{ node {{ id }} }} }} }}
      search(query: "river", kinds: [TRACK]) {{ edges {{ node {{ ... on Track {{ id }} }} }} }}
    }}"""
    strangers = [None, await add_user(Role.LISTENER), await add_user(Role.ARTIST)]
    for status in ("queued", "processing"):
        for stranger in strangers:
            assert track not in str((await ask(places, stranger))["data"])
        for insider in (owner, await add_user(Role.ADMIN)):
            assert str((await ask(places, insider))["data"]).count(track) == 6
        await catalogue.finish(track, status="processing" if status == "queued" else "queued", revision=len(status))
    await catalogue.finish(track, revision=99)
    for viewer in (*strangers, owner):
        assert str((await ask(places, viewer))["data"]).count(track) == 6


async def test_a_track_shows_the_media_of_its_newest_ready_revision(ask: Any, catalogue: Catalogue) -> None:
    track = await catalogue.track(await catalogue.artist())
    await catalogue.finish(track, revision=1)
    await catalogue.finish(track, revision=2)
    await catalogue.finish(track, status="processing", revision=3)
    query = "query($id: ID!) { track(id: $id) { durationMs integratedLufs truePeakDbtp ingest { status } } }"
    assert await ask.data(query, id=track) == {
        "durationMs": 2000,
        "integratedLufs": -14.5,
        "truePeakDbtp": -1.25,
        "ingest": None,
    }


async def test_the_owner_sees_how_far_the_newest_revision_is(ask: Any, owner: Viewer, catalogue: Catalogue) -> None:
    track = await catalogue.track(await catalogue.artist())
    await catalogue.finish(track, revision=1)
    await catalogue.finish(track, status="processing", revision=2)
    query = "query($id: ID!) { track(id: $id) { ingest { status stage fraction failure { code } } } }"
    state = {"status": "PROCESSING", "stage": "DECODE", "fraction": 0.25, "failure": None}
    assert await ask.data(query, owner, id=track) == {"ingest": state}
    pool = ask.app.state.services.pool
    await pool.execute("UPDATE assets SET status = 'failed', failure_code = 'truncated' WHERE revision = 2")
    state |= {"status": "FAILED", "failure": {"code": "TRUNCATED"}}
    assert await ask.data(query, owner, id=track) == {"ingest": state}
