import pytest

from graph.errors import ProblemCode, Refused
from graph.keys import new_key
from graph.library import service
from graph.paging import page_request
from graph.viewer import Role


async def follows(pool) -> list[tuple[object, object]]:
    rows = await pool.fetch("SELECT follower_id, followed_id FROM follows ORDER BY followed_id")
    return [tuple(row) for row in rows]


async def test_following_twice_is_following_once(pool, add_user) -> None:
    fan, idol = (await add_user(Role.LISTENER)).user_id, (await add_user(Role.LISTENER)).user_id
    for _ in range(2):
        await service.follow(follower_id=fan, followed_id=idol)
    assert await follows(pool) == [(fan, idol)]


async def test_unfollowing_takes_one_away_and_again_nothing(pool, add_user) -> None:
    fan, idol, other = [(await add_user(Role.LISTENER)).user_id for _ in range(3)]
    await service.follow(follower_id=fan, followed_id=idol)
    await service.follow(follower_id=fan, followed_id=other)
    await service.follow(follower_id=idol, followed_id=fan)
    for _ in range(2):
        await service.unfollow(follower_id=fan, followed_id=idol)
    assert sorted(await follows(pool)) == sorted([(fan, other), (idol, fan)])


async def test_nobody_follows_itself_or_nobody(pool, add_user) -> None:
    fan = (await add_user(Role.LISTENER)).user_id
    for wanted, code in ((fan, ProblemCode.INVALID_VALUE), (new_key(), ProblemCode.NOT_FOUND)):
        with pytest.raises(Refused) as refusal:
            await service.follow(follower_id=fan, followed_id=wanted)
        assert [problem.code for problem in refusal.value.problems] == [code]
    assert await follows(pool) == []


async def test_pages_of_those_followed_are_whole_and_in_order(pool, add_user) -> None:
    fan = (await add_user(Role.LISTENER)).user_id
    idols = [(await add_user(Role.LISTENER)).user_id for _ in range(5)]
    for idol in reversed(idols):
        await service.follow(follower_id=fan, followed_id=idol)
    found, after = [], None
    while True:
        page = await service.following(pool, fan, request=page_request(2, after, key_type=type(fan)))
        found.append([user.id for user in page.rows])
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert found == [idols[:2], idols[2:4], idols[4:]]
