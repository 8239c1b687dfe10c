from collections.abc import Callable
from typing import Any

import pytest

from config.settings import GraphSettings, graph_settings
from graph.viewer import Role


@pytest.fixture
def settings(environment: dict[str, str], free_port: Callable[[], int]) -> GraphSettings:
    """Valkey and S3 at ports where nobody listens."""
    nobody = {
        "SEGUE_VALKEY_URL": f"redis://127.0.0.1:{free_port()}/0",
        "SEGUE_S3_ENDPOINT": f"http://127.0.0.1:{free_port()}",
    }
    return graph_settings({**environment, **nobody})


async def test_the_api_answers_without_valkey_and_the_object_store(ask: Any, add_user: Any) -> None:
    viewer = await add_user(Role.ARTIST)
    assert (await ask.data("{ viewer { role } }", viewer)) == {"role": "ARTIST"}
    created = await ask.data('mutation { createArtist(input: { name: "Alma" }) { artist { name } } }', viewer)
    assert created == {"artist": {"name": "Alma"}}


async def test_it_stays_ready_and_says_what_is_down(ask: Any) -> None:
    response = await ask.client.get("/health/ready")
    assert (response.status_code, response.json()["services"]) == (
        200,
        {"postgresql": "up", "valkey": "down", "s3": "down"},
    )
