"""Answers in brotli and gzip, as httpx decodes them."""

from typing import Any

import pytest

from graph.transport.compression import CompressionMiddleware

SCHEMA = "{ __schema { types { name description } } }"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        pytest.param("gzip, br", "br", id="the denser of equals"),
        pytest.param("gzip;q=1, br;q=0.5", "gzip", id="what the client likes better"),
        pytest.param("zstd, gzip", "gzip", id="what we have"),
        pytest.param("identity", None, id="neither"),
    ],
)
async def test_a_long_answer_is_encoded_as_the_client_likes_it(ask: Any, accepted: str, coding: str | None) -> None:
    plain = await ask.client.post("/graphql", json={"query": SCHEMA}, headers={"accept-encoding": "identity"})
    response = await ask.client.post("/graphql", json={"query": SCHEMA}, headers={"accept-encoding": accepted})
    assert response.headers.get("content-encoding") == coding
    assert response.json() == plain.json()
    assert (response.num_bytes_downloaded < plain.num_bytes_downloaded / 3) is (coding is not None)
    assert int(response.headers["content-length"]) == response.num_bytes_downloaded


async def test_a_short_answer_and_events_leave_as_they_are(ask: Any) -> None:
    for accept, query in (("application/json", "{ __typename }"), ("text/event-stream", SCHEMA)):
        headers = {"accept-encoding": "gzip, br", "accept": accept}
        response = await ask.client.post("/graphql", json={"query": query}, headers=headers)
        assert "content-encoding" not in response.headers


async def test_the_headers_of_a_stream_leave_before_its_first_event() -> None:
    sent = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def serve(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})

    scope: Any = {"type": "http", "headers": [(b"accept-encoding", b"gzip")]}
    await CompressionMiddleware().handle(scope, send, send, serve)
    assert sent == ["http.response.start"]


async def test_a_cache_is_told_of_the_coding(ask: Any) -> None:
    response = await ask.client.get("/schema.graphql", headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in response.headers["vary"]
