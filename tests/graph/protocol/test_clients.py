"""The audits of npm's graphql-http and the reference clients of graphql-ws and graphql-sse, against a live process."""

from collections.abc import Callable
from typing import Any

import pytest

from config.settings import GraphSettings
from graph import ids
from graph.accounts import tokens
from graph.viewer import Role

AUDITS = 61


@pytest.fixture
def token(settings: GraphSettings) -> Callable[[Any], str]:
    key = tokens.signing_key(settings.tokens.key_pem)
    return lambda viewer: tokens.mint(viewer.user_id, viewer.role, key=key, now_s=2**31, lifetime_s=600).text


async def test_every_audit_of_graphql_over_http_passes(start_graph: Any, told: Any) -> None:
    results = told("audits.mjs", f"{start_graph()}/graphql")
    assert [audit for audit in results if audit["status"] != "ok"] == []
    assert len(results) == AUDITS


async def test_the_reference_clients_get_answers_events_and_refusals(
    start_graph: Any, told: Any, token: Any, add_user: Any, add_track: Any
) -> None:
    viewer = await add_user(Role.ARTIST)
    track = ids.encode("Track", await add_track(viewer, ready=1000))
    subscription = f'subscription {{ ingestProgress(trackId: "{track}") {{ status }} }}'
    deferred = "{ ... @defer { viewer { id } } }"
    documents = ("{ viewer { id } }", subscription, deferred)
    answers = told("clients.mjs", f"{start_graph()}/graphql", token(viewer), *documents)
    assert list(answers) == ["socket", "events"]
    for client in answers.values():
        assert client["query"] == {"viewer": {"id": ids.encode("User", viewer.user_id)}}
        assert client["event"]["ingestProgress"]["status"]
        assert [error["extensions"]["code"] for error in client["refusal"]["errors"]] == ["BAD_REQUEST"]
    (whole,), (first, last) = (answers[name]["parts"] for name in ("socket", "events"))
    assert (first["data"], first["hasNext"], last["hasNext"]) == ({}, True, False)
    assert last["incremental"][0]["data"] == whole["data"] == answers["socket"]["query"]
