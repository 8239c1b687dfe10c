"""Whose licences count: those of the account's country, else of the request's, else of the default one."""

from typing import Any

import httpx
import msgspec
import pytest

from config.errors import InvalidSetting
from config.settings import MarketSettings, graph_settings
from graph import ids
from graph.app import create_app
from graph.licences.rules import Licence
from graph.viewer import Role
from tests.graph.clients import Ask
from tests.graph.living import living

TRACK = "query($id: ID!) { track(id: $id) { id } }"


@pytest.fixture
async def swedish(add_user: Any, add_catalogue: Any) -> str:
    """A track that may be heard in Sweden."""
    _, (track,) = await add_catalogue(await add_user(Role.ARTIST), [[Licence(market="SE")]])
    return ids.encode("Track", track)


@pytest.mark.parametrize(
    ("header", "default", "own", "sent", "seen"),
    [
        pytest.param("", None, None, {}, False, id="an unknown market"),
        pytest.param("", None, "SE", {}, True, id="the account's"),
        pytest.param("", "SE", None, {}, True, id="the default"),
        pytest.param("", "SE", "NO", {}, False, id="the account's before the default"),
        pytest.param("", None, None, {"cf-ipcountry": "SE"}, False, id="a header that nobody is trusted with"),
        pytest.param("cf-ipcountry", None, None, {"CF-IPCountry": "se"}, True, id="the request's"),
        pytest.param("cf-ipcountry", "SE", None, {"cf-ipcountry": "NO"}, False, id="the request's before the default"),
        pytest.param(
            "cf-ipcountry", "SE", None, {"cf-ipcountry": "XX"}, True, id="a place that the edge does not know"
        ),
        pytest.param("cf-ipcountry", None, "SE", {"cf-ipcountry": "NO"}, True, id="the account's before the request's"),
    ],
)
async def test_market_of_a_request(
    settings, add_user, swedish, *, header: str, default: str, own: str, sent: dict[str, str], seen: bool
) -> None:
    markets = MarketSettings(country_header=header, default=default)
    chosen = msgspec.structs.replace(settings, markets=markets)
    viewer = msgspec.structs.replace(await add_user(Role.LISTENER), market=own)
    async with living(create_app(chosen)) as app:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://graph.test", headers=sent) as client:
            assert await Ask(app, client).data(TRACK, viewer, id=swedish) == ({"id": swedish} if seen else None)


@pytest.mark.parametrize("text", ["Sweden", "S", "S1"])
def test_default_market_is_two_letters(environment: dict[str, str], text: str) -> None:
    with pytest.raises(InvalidSetting, match="SEGUE_DEFAULT_MARKET"):
        graph_settings({**environment, "SEGUE_DEFAULT_MARKET": text})
