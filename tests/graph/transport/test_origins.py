from collections.abc import Callable
from typing import Any

import pytest

from config.settings import GraphSettings, graph_settings


@pytest.fixture
def settings(environment: dict[str, str]) -> GraphSettings:
    return graph_settings({**environment, "SEGUE_ALLOWED_ORIGINS": "https://player.example"})


@pytest.mark.parametrize(
    ("origin", "first_event"),
    [
        pytest.param("https://player.example", "websocket.accept", id="a page that is allowed"),
        pytest.param("http://graph.test", "websocket.accept", id="a page of the same host"),
        pytest.param("https://elsewhere.example", "websocket.close", id="a page from elsewhere"),
        pytest.param("null", "websocket.close", id="a page without an origin"),
    ],
)
async def test_a_page_opens_a_socket_only_from_an_allowed_origin(
    connect: Callable[..., Any], origin: str, first_event: str
) -> None:
    async with connect(origin=origin) as socket:
        assert socket.handshake["type"] == first_event


async def test_a_page_from_elsewhere_may_not_read_answers(ask: Any) -> None:
    for origin, allowed in (("https://player.example", "https://player.example"), ("https://elsewhere.example", None)):
        headers = {"origin": origin, "content-type": "application/json"}
        response = await ask.client.post("/graphql", content='{"query": "{__typename}"}', headers=headers)
        assert response.headers.get("access-control-allow-origin") == allowed
