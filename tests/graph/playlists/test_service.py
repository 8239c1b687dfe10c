"""Making, changing and deleting playlists, and who may."""

import pytest

from graph.errors import Forbidden, ProblemCode, Refused
from graph.keys import new_key
from graph.playlists import service
from graph.playlists.records import MAX_DESCRIPTION, Edit, StaleRevision
from graph.viewer import Role


async def test_a_new_playlist_is_empty_and_its_owners(pool, add_user) -> None:
    owner = await add_user(Role.LISTENER)
    key = await service.create_playlist(pool, owner, name="  Für  Élise ", description=" Quiet. ", public=True)
    row = await pool.fetchrow("SELECT * FROM playlists WHERE id = $1", key)
    assert (row["owner_id"], row["name"], row["folded_name"]) == (owner.user_id, "Für Élise", "fur elise")
    assert (row["description"], row["public"], row["revision"]) == ("Quiet.", True, 1)
    changes = await pool.fetch("SELECT kind, key, deleted FROM changes WHERE user_id = $1", owner.user_id)
    assert list(map(tuple, changes)) == [("playlist", key, False)]


@pytest.mark.parametrize(
    ("name", "description", "codes"),
    [
        (" ", "", [ProblemCode.REQUIRED]),
        ("n" * 201, "", [ProblemCode.TOO_LONG]),
        ("n", "d" * (MAX_DESCRIPTION + 1), [ProblemCode.TOO_LONG]),
        ("n", "a\x00b", [ProblemCode.INVALID_VALUE]),
        (" ", "a\x00b", [ProblemCode.REQUIRED, ProblemCode.INVALID_VALUE]),
    ],
    ids=["no name", "a long name", "a long description", "a control character", "both"],
)
async def test_what_is_no_name_or_description_is_refused(desk, name, description, codes) -> None:
    before = await desk.row()
    for write in (
        service.create_playlist(desk.pool, desk.owner, name=name, description=description, public=False),
        desk.update(1, Edit(name=name, description=description)),
    ):
        with pytest.raises(Refused) as refusal:
            await write
        assert [problem.code for problem in refusal.value.problems] == codes
    assert await desk.pool.fetchval("SELECT count(*) FROM playlists") == 1
    assert await desk.row() == before


async def test_a_deleted_account_makes_none(pool, add_user) -> None:
    leaving = await add_user(Role.LISTENER)
    await pool.execute("DELETE FROM users WHERE id = $1", leaving.user_id)
    with pytest.raises(Forbidden):
        await service.create_playlist(pool, leaving, name="Evening", description="", public=False)


async def test_what_is_left_out_stays(desk) -> None:
    for revision, edit in enumerate((Edit(name="Night"), Edit(description="Late."), Edit(public=True)), 1):
        assert await desk.update(revision, edit) == revision + 1
    after = await desk.row()
    assert after == {
        "owner_id": desk.owner.user_id,
        "name": "Night",
        "folded_name": "night",
        "description": "Late.",
        "public": True,
        "revision": 4,
    }


async def test_a_description_can_be_taken_away(desk) -> None:
    await desk.update(1, Edit(description="Late."))
    await desk.update(2, Edit(description=" "))
    assert (await desk.row())["description"] == ""


async def test_a_stale_revision_changes_nothing_and_is_told_the_present_one(desk) -> None:
    await desk.update(1, Edit(name="Night"))
    before = await desk.row(), await desk.told()
    for write in (
        desk.update(1, Edit(name="Noon")),
        service.delete_playlist(desk.pool, desk.owner, playlist_id=desk.playlist, revision=1),
        service.delete_playlist(desk.pool, desk.owner, playlist_id=desk.playlist, revision=3),
    ):
        with pytest.raises(StaleRevision) as stale:
            await write
        assert stale.value.current == 2
        assert [problem.code for problem in stale.value.problems] == [ProblemCode.STALE_REVISION]
    assert (await desk.row(), await desk.told()) == before


async def test_a_deleted_playlist_leaves_one_tombstone(desk) -> None:
    await desk.add(2)
    await service.delete_playlist(desk.pool, desk.owner, playlist_id=desk.playlist, revision=None)
    assert await desk.row() is None
    assert await desk.pool.fetchval("SELECT count(*) FROM playlist_entries") == 0
    assert await desk.told() == [("playlist", desk.playlist, True)]


@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
async def test_another_account_changes_nothing_and_learns_nothing_of_a_private_one(desk, add_user, public) -> None:
    await desk.update(1, Edit(public=public))
    before = await desk.row()
    for role in (Role.LISTENER, Role.ARTIST):
        other = await add_user(role)
        for write in (
            service.update_playlist(
                desk.pool, other, playlist_id=desk.playlist, revision=2, edit=Edit(name="Mine", public=True)
            ),
            service.delete_playlist(desk.pool, other, playlist_id=desk.playlist, revision=None),
        ):
            with pytest.raises(Forbidden if public else Refused):
                await write
    assert await desk.row() == before


async def test_what_changes_nothing_makes_no_other_device_stale(desk) -> None:
    revision = await desk.update(1, Edit(name="Evening", description="Slow", public=True))
    before, told = await desk.row(), await desk.told()
    for edit in (Edit(), Edit(name=" Evening "), Edit(description="Slow", public=True)):
        assert await desk.update(revision, edit) == revision
    assert (await desk.row(), await desk.told()) == (before, told)
    assert await desk.update(revision, Edit(name="evening")) == revision + 1


async def test_an_admin_may_write_every_playlist_and_its_owner_hears_of_it(desk, add_user) -> None:
    admin = await add_user(Role.ADMIN)
    await service.update_playlist(desk.pool, admin, playlist_id=desk.playlist, revision=1, edit=Edit(name="Tidied"))
    assert (await desk.row())["name"] == "Tidied"
    assert await desk.told() == [("playlist", desk.playlist, False)]
    assert await desk.told(admin) == []


async def test_what_there_is_not_is_refused(desk) -> None:
    with pytest.raises(Refused) as refusal:
        await service.delete_playlist(desk.pool, desk.owner, playlist_id=new_key(), revision=None)
    assert [(problem.code, problem.field) for problem in refusal.value.problems] == [
        (ProblemCode.NOT_FOUND, ("playlistId",))
    ]


async def test_an_account_takes_its_playlists_along(desk) -> None:
    await desk.add(2)
    await desk.pool.execute("DELETE FROM users WHERE id = $1", desk.owner.user_id)
    assert await desk.row() is None
