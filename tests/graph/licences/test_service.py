"""Writing licences: as a whole, by those who may, with the track's row always saying the same."""

from datetime import UTC, datetime, timedelta

import pytest

from graph.errors import Forbidden, ProblemCode, Refused
from graph.keys import new_key
from graph.licences import service
from graph.licences.rules import Grant, Licence
from graph.viewer import Role

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROWS = "SELECT id, market, starts_at, ends_at FROM licences ORDER BY market, starts_at"


async def test_row_of_the_track_names_the_markets_of_its_licences(
    pool, valkey, add_user, add_catalogue, markets_of
) -> None:
    owner = await add_user(Role.LABEL)
    _, (track, other) = await add_catalogue(owner, [[], [Licence(market="SE")]])
    assert (await markets_of(track), await markets_of(other)) == (None, ["SE"])
    grants = [Grant(markets=("SE", "NO"), ends_at=NOW), Grant(markets=("NO",), starts_at=NOW), Grant(ends_at=NOW)]
    await service.set_licences(pool, valkey, owner, track_id=track, grants=grants)
    assert (await markets_of(track), await markets_of(other)) == (["*", "NO", "SE"], ["SE"])
    await service.set_licences(pool, valkey, owner, track_id=track, grants=[])
    assert await markets_of(track) is None


async def test_saying_the_same_again_changes_nothing_and_a_licence_that_stays_keeps_its_id(
    pool, valkey, add_user, add_catalogue
) -> None:
    owner = await add_user(Role.ARTIST)
    _, (track,) = await add_catalogue(owner, [[]])
    stays, goes = Grant(markets=("SE",)), Grant(markets=("NO",), starts_at=NOW, ends_at=NOW + timedelta(days=1))
    await service.set_licences(pool, valkey, owner, track_id=track, grants=[stays, goes])
    before = await pool.fetch(ROWS)
    await service.set_licences(pool, valkey, owner, track_id=track, grants=[goes, stays])
    assert await pool.fetch(ROWS) == before
    await service.set_licences(pool, valkey, owner, track_id=track, grants=[stays, Grant(markets=("DK",))])
    after = await pool.fetch(ROWS)
    assert [row["market"] for row in after] == ["DK", "SE"]
    assert after[1] == before[1]


async def test_licences_go_with_their_track(pool, add_user, add_catalogue) -> None:
    _, (track,) = await add_catalogue(await add_user(Role.ARTIST), [[Licence(market="SE")]])
    await pool.execute("DELETE FROM tracks WHERE id = $1", track)
    assert await pool.fetch(ROWS) == []


@pytest.mark.parametrize("role", [Role.LISTENER, Role.ARTIST, Role.LABEL])
async def test_nobody_else_may_write_them(pool, valkey, add_user, add_catalogue, role) -> None:
    _, (track,) = await add_catalogue(await add_user(Role.ARTIST), [[Licence(market="SE")]])
    before = await pool.fetch(ROWS)
    with pytest.raises(Forbidden):
        await service.set_licences(pool, valkey, await add_user(role), track_id=track, grants=[])
    assert await pool.fetch(ROWS) == before
    await service.set_licences(pool, valkey, await add_user(Role.ADMIN), track_id=track, grants=[])
    assert await pool.fetch(ROWS) == []


async def test_track_that_is_not_there_is_named(pool, valkey, add_user) -> None:
    with pytest.raises(Refused) as refusal:
        await service.set_licences(pool, valkey, await add_user(Role.ADMIN), track_id=new_key(), grants=[])
    assert [(one.code, one.field) for one in refusal.value.problems] == [(ProblemCode.NOT_FOUND, ("trackId",))]
