"""Deliveries over the API: a body of megabytes from those who publish, with a report for each row that is refused."""

from typing import Any

import pytest

from graph.transport.over_http import MAX_BODY_BYTES
from graph.viewer import Role

UPSERT = """
mutation($in: UpsertTracksInput!) {
    upsertTracks(input: $in) {
        tracks { index trackId created } rejected { index field code message } userErrors { field code }
    }
}
"""


def row(number: int, **given: Any) -> dict[str, Any]:
    return {
        "key": f"k{number}",
        "title": f"Part {number} of a work with a title of some length",
        "artist": "Alma",
        "album": {"title": f"Rivers {number // 12}", "type": "EP", "releaseDate": "2024-05-01"},
        "trackNumber": number % 12 + 1,
        "genres": ["Folk"],
        "credits": [{"role": "COMPOSER", "name": "Alma Ek"}, {"role": "PRODUCER", "name": "Bela Sund"}],
        "licences": [{"markets": ["SE", "NO", "DK"], "startsAt": "2024-05-01T00:00:00Z"}],
        **given,
    }


async def test_delivery_larger_than_other_bodies_is_taken_and_reported_row_by_row(ask: Any, add_user: Any) -> None:
    label = await add_user(Role.LABEL)
    rows = [row(number) for number in range(100)]
    rows[7] = row(7, isrc="wrong")
    rows[8] = row(8, credits=[{"role": "COMPOSER", "name": "Alma Ek", "artistId": "no id"}], trackNumber=0)
    payload = await ask.data(UPSERT, label, **{"in": {"tracks": rows}, "unused": "a" * MAX_BODY_BYTES})
    assert payload["userErrors"] == []
    assert [one["index"] for one in payload["tracks"]] == [*range(7), *range(9, 100)]
    assert [(one["index"], one["field"], one["code"]) for one in payload["rejected"]] == [
        (7, ["isrc"], "INVALID_ISRC"),
        (8, ["credits", "0", "artistId"], "NOT_FOUND"),
        (8, ["trackNumber"], "INVALID_VALUE"),
    ]
    assert all(one["message"] for one in payload["rejected"])
    again = await ask.data(UPSERT, label, **{"in": {"tracks": rows[:3]}})
    assert [one["created"] for one in again["tracks"]] == [False, False, False]
    assert [one["trackId"] for one in again["tracks"]] == [one["trackId"] for one in payload["tracks"][:3]]


async def test_as_many_statements_for_one_row_as_for_many(ask: Any, add_user: Any, counting: Any) -> None:
    label = await add_user(Role.LABEL)
    sent = []
    for rows in ([row(0)], [row(number) for number in range(1, 100)]):
        async with counting() as statements:
            await ask.data(UPSERT, label, **{"in": {"tracks": rows}})
        sent.append(len(statements))
    assert sent[0] == sent[1]


@pytest.mark.parametrize("role", [None, Role.LISTENER])
async def test_long_body_of_somebody_else_is_refused(ask: Any, add_user: Any, role: Role | None) -> None:
    headers = {} if role is None else {"authorization": f"Bearer {ask.token(await add_user(role))}"}
    body = {"query": "{ viewer { id } }", "variables": {"a": "a" * MAX_BODY_BYTES}}
    announced = await ask.client.post("/graphql", json=body, headers=headers)

    taken_bytes = 0

    async def parts() -> Any:
        nonlocal taken_bytes
        for _ in range(8):
            taken_bytes += MAX_BODY_BYTES // 2
            yield b" " * (MAX_BODY_BYTES // 2)

    headers = {**headers, "content-type": "application/json"}
    unannounced = await ask.client.post("/graphql", content=parts(), headers=headers)
    assert (announced.status_code, unannounced.status_code) == (413, 413)
    assert taken_bytes <= 2 * MAX_BODY_BYTES  # and no more is kept than that


@pytest.mark.parametrize(("role", "code"), [(None, "UNAUTHENTICATED"), (Role.LISTENER, "FORBIDDEN")])
async def test_others_deliver_nothing(ask: Any, add_user: Any, pool: Any, role: Role | None, code: str) -> None:
    viewer = None if role is None else await add_user(role)
    assert await ask.codes(UPSERT, viewer, **{"in": {"tracks": [row(0)]}}) == [code]
    assert await pool.fetchval("SELECT count(*) FROM tracks") == 0
