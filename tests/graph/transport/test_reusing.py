"""Answers to anonymous persisted queries by GET, and what makes them leave."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.settings import GraphSettings, graph_settings
from graph import ids
from graph.persisted.wanted import digest_of
from graph.reuse.tags import Tables
from graph.transport import compression
from graph.transport.controller import Controller
from graph.viewer import Role
from origin.encodings import compress

TRACK = "query Track($id: ID!) { track(id: $id) { title artist { name } } }"
VIEWER = "query Who { viewer { id } }"
MISTAKEN = "query Mistaken { nothing }"
PAGE = "https://player.example"
PATIENCE_S = 60.0


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> GraphSettings:
    for number, text in enumerate((TRACK, VIEWER, MISTAKEN)):
        (tmp_path / f"{number}.graphql").write_text(text)
    own = {
        "SEGUE_TRUSTED_DOCUMENTS": str(tmp_path),
        "SEGUE_COUNTRY_HEADER": "x-country",
        "SEGUE_ALLOWED_ORIGINS": PAGE,
    }
    return graph_settings({**environment, **own})


@pytest.fixture
async def track(heard: Any, add_user: Any, add_track: Any) -> str:
    """The id of a track that everybody may see, once the process has heard of it."""
    name = ids.encode("Track", await add_track(await add_user(Role.ARTIST), ready=1000))
    await heard()
    return name


@pytest.fixture
async def other(heard: Any, add_user: Any, add_track: Any) -> str:
    """The id of a track of somebody else."""
    name = ids.encode("Track", await add_track(await add_user(Role.ARTIST), ready=1000))
    await heard()
    return name


async def fetch(ask: Any, text: str, headers: dict[str, str] | None = None, **variables: Any) -> httpx.Response:
    parameters = {"documentId": digest_of(text), "variables": json.dumps(variables)}
    response: httpx.Response = await ask.client.get("/graphql", params=parameters, headers=headers or {})
    return response


async def test_the_second_request_needs_no_statement(ask: Any, track: str, counting: Any) -> None:
    first = await fetch(ask, TRACK, id=track)
    async with counting() as statements:
        second = await fetch(ask, TRACK, id=track)
    assert statements == []
    assert first.json()["data"] == {"track": {"title": "Tune", "artist": {"name": "Band"}}}
    assert (second.content, second.headers["etag"]) == (first.content, first.headers["etag"])
    assert second.headers["content-type"] == first.headers["content-type"]
    tags = second.headers["surrogate-key"].split()
    assert {"artists", "tracks", f"track-{ids.find('Track', track)}"} <= set(tags)
    assert second.headers["cache-tag"].split(",") == tags
    kind, age = second.headers["cache-control"].split(", ")
    assert kind == "public"
    assert 0 < int(age.removeprefix("max-age=")) <= 60


async def test_an_answer_is_encoded_once_for_each_coding(
    ask: Any, track: str, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask.app.state.services.pool.execute("UPDATE artists SET name = repeat('la', 1000)")
    await heard()
    plain = await fetch(ask, TRACK, {"accept-encoding": "identity"}, id=track)
    made = []
    monkeypatch.setattr(compression, "compress", lambda *asked: made.append(asked) or compress(*asked))
    for accepted in ("gzip", "br", "gzip", "br"):
        response = await fetch(ask, TRACK, {"accept-encoding": accepted}, id=track)
        assert response.headers["content-encoding"] == accepted
        assert response.headers["etag"] == f"W/{plain.headers['etag']}"
        assert "accept-encoding" in response.headers["vary"]
        assert response.content == plain.content
        assert response.num_bytes_downloaded < 500
    assert len(made) == 2


async def test_who_has_the_answer_is_told_that_it_is_still_true(ask: Any, track: str) -> None:
    etag = (await fetch(ask, TRACK, id=track)).headers["etag"]
    for named in (f'"other", {etag}', "*"):
        again = await fetch(ask, TRACK, {"if-none-match": named}, id=track)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


async def test_who_takes_nothing_that_is_written_is_not_given_what_is_held(ask: Any, track: str) -> None:
    await fetch(ask, TRACK, id=track)
    assert (await fetch(ask, TRACK, {"accept": "text/html"}, id=track)).status_code == 406


async def test_variables_may_be_nested_more_deeply_than_they_can_be_written(ask: Any, track: str) -> None:
    deep = {"documentId": digest_of(TRACK), "variables": f'{{"id": "{track}", "x": {"[" * 500}{"]" * 500}}}'}
    response = await ask.client.get("/graphql", params=deep)
    assert (response.status_code, response.json()["data"]["track"]["title"]) == (200, "Tune")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            "UPDATE tracks SET title = 'Other'", {"title": "Other", "artist": {"name": "Band"}}, id="the track"
        ),
        pytest.param(
            "UPDATE artists SET name = 'Other'", {"title": "Tune", "artist": {"name": "Other"}}, id="its artist"
        ),
    ],
)
async def test_an_answer_leaves_when_what_it_shows_changes(
    ask: Any, track: str, change: str, expected: dict[str, Any]
) -> None:
    old = await fetch(ask, TRACK, id=track)
    await ask.app.state.services.pool.execute(change)
    async with asyncio.timeout(PATIENCE_S):
        while (new := await fetch(ask, TRACK, {"if-none-match": old.headers["etag"]}, id=track)).status_code == 304:
            await asyncio.sleep(0.01)
    assert new.json()["data"]["track"] == expected


async def test_what_changes_elsewhere_leaves_it(ask: Any, track: str, counting: Any, heard: Any) -> None:
    await fetch(ask, TRACK, id=track)
    pool = ask.app.state.services.pool
    await pool.execute("UPDATE assets SET fraction = 1")  # of an ingest; nobody is shown it
    await pool.execute("INSERT INTO genres (id, name, slug) VALUES (gen_random_uuid(), 'x', 'x')")
    await heard()
    async with counting() as statements:
        await fetch(ask, TRACK, id=track)
    assert statements == []


async def test_what_shows_nothing_of_a_change_stays(
    ask: Any, track: str, other: str, counting: Any, heard: Any
) -> None:
    await fetch(ask, TRACK, id=track)
    await fetch(ask, TRACK, id=other)
    change = "UPDATE tracks SET title = 'Other' WHERE id = $1"
    await ask.app.state.services.pool.execute(change, ids.find("Track", other))
    await heard()
    async with counting() as statements:
        await fetch(ask, TRACK, id=track)
    assert statements == []
    assert (await fetch(ask, TRACK, id=other)).json()["data"]["track"]["title"] == "Other"


async def test_only_anonymous_persisted_queries_are_reused(ask: Any, track: str, add_user: Any) -> None:
    signed = {"authorization": f"Bearer {ask.token(await add_user(Role.LISTENER))}"}
    posted = {"documentId": digest_of(TRACK), "variables": {"id": track}}
    for response in (
        await fetch(ask, TRACK, signed, id=track),
        await ask.client.post("/graphql", json=posted),
        await ask.client.get("/graphql", params={"query": TRACK, "variables": json.dumps({"id": track})}),
        await fetch(ask, MISTAKEN),
    ):
        assert "etag" not in response.headers
        assert "public" not in response.headers.get("cache-control", "")


@pytest.mark.parametrize("headers", [{}, {"origin": PAGE}], ids=["an app", "a page of another origin"])
async def test_a_cache_is_told_by_what_answers_differ(ask: Any, track: str, headers: dict[str, str]) -> None:
    answered = await fetch(ask, TRACK, headers, id=track)
    assert answered.headers["vary"] == "accept, accept-encoding, authorization, origin, x-country"
    assert answered.headers.get("access-control-allow-origin") == headers.get("origin")
    shared = await ask.client.get("/s/nothing", headers=headers)
    assert (shared.status_code, shared.headers["vary"]) == (404, answered.headers["vary"])


async def test_a_page_from_elsewhere_is_not_given_what_is_held(ask: Any, track: str) -> None:
    await fetch(ask, TRACK, id=track)
    assert (await fetch(ask, TRACK, {"origin": "https://elsewhere.example"}, id=track)).status_code == 403


@pytest.mark.parametrize("left", [None, Tables()], ids=["something changed", "nobody listens any more"])
async def test_what_may_be_outdated_as_it_leaves_is_for_nobody_to_keep(
    ask: Any, track: str, monkeypatch: pytest.MonkeyPatch, left: Tables | None
) -> None:
    answers = ask.app.state.services.answers
    made = Controller._serve

    async def overtaken(*given: Any) -> Any:
        response = await made(*given)
        answers.changed("tracks")
        answers.tables = left or answers.tables
        return response

    monkeypatch.setattr(Controller, "_serve", overtaken)
    answered = await fetch(ask, TRACK, id=track)
    assert answered.json()["data"]["track"]["title"] == "Tune"
    assert "public" not in answered.headers["cache-control"]


async def test_one_country_is_not_given_the_answer_of_another(ask: Any, track: str, heard: Any) -> None:
    services = ask.app.state.services
    await services.pool.execute(
        "INSERT INTO licences (id, track_id, market) SELECT gen_random_uuid(), id, 'SE' FROM tracks"
    )
    await heard()
    for country, expected in (("SE", True), ("DE", False), ("SE", True)):
        answered = await fetch(ask, TRACK, {"x-country": country}, id=track)
        assert (answered.json()["data"]["track"] is not None) is expected


async def test_media_types_and_variables_make_other_answers(ask: Any, track: str) -> None:
    one = await fetch(ask, TRACK, id=track)
    assert (await fetch(ask, TRACK, id="x")).json()["data"] == {"track": None}
    other = await fetch(ask, TRACK, {"accept": "application/graphql-response+json"}, id=track)
    assert other.headers["content-type"] != one.headers["content-type"]


async def test_nothing_is_reused_after_the_connection_that_tells_of_changes_is_lost(ask: Any, track: str) -> None:
    await fetch(ask, TRACK, id=track)
    services = ask.app.state.services
    # The listener is ended and the change made in one statement's time: nothing tells of it.
    await services.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'segue changes' AND datname = current_database()"
    )
    await services.pool.execute("UPDATE tracks SET title = 'Other'")
    async with asyncio.timeout(PATIENCE_S):
        while (await fetch(ask, TRACK, id=track)).json()["data"]["track"]["title"] != "Other":
            await asyncio.sleep(0.05)
