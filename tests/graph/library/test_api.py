from graph import ids
from graph.viewer import Role

FOLLOW = "mutation($user: ID!) { followUser(input: {userId: $user}) { user { id } userErrors { field code } } }"
UNFOLLOW = "mutation($user: ID!) { unfollowUser(input: {userId: $user}) { user { id } userErrors { field code } } }"
FOLLOWING = "{ viewer { following(first: 1) { edges { node { id } } pageInfo { hasNextPage } } } }"
OF_ANOTHER = "query($user: ID!) { node(id: $user) { ... on User { following { edges { cursor } } } } }"


async def test_follow_and_unfollow(start_graph, api, add_user) -> None:
    url = start_graph()
    fan, idol = await add_user(Role.LISTENER), await add_user(Role.LISTENER)
    client, user = api(url, fan), ids.encode("User", idol.user_id)
    done = {"user": {"id": user}, "userErrors": []}
    assert [await client.data(FOLLOW, user=user) for _ in range(2)] == [done, done]
    page = {"edges": [{"node": {"id": user}}], "pageInfo": {"hasNextPage": False}}
    assert await client.data(FOLLOWING) == {"following": page}
    assert await api(url, idol).data(OF_ANOTHER, user=ids.encode("User", fan.user_id)) == {"following": None}
    assert [await client.data(UNFOLLOW, user=user) for _ in range(2)] == [done, done]
    assert (await client.data(FOLLOWING))["following"]["edges"] == []

    own = ids.encode("User", fan.user_id)
    for wanted, code in ((own, "INVALID_VALUE"), ("no id", "NOT_FOUND")):
        refused = {"user": None, "userErrors": [{"field": ["userId"], "code": code}]}
        assert await client.data(FOLLOW, user=wanted) == refused
    assert await api(url, None).codes(FOLLOW, user=user) == ["UNAUTHENTICATED"]
