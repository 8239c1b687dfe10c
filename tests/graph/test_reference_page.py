"""The documents of docs/reference.md are sent as they stand there, each with an id of everything that it needs."""

import json
import re
from pathlib import Path
from typing import Any

from graph.errors import ProblemCode
from tests.graph.access.test_access import MUTATIONS, QUERIES, SUBSCRIPTIONS, Row, play
from tests.graph.access.world import make_world

PAGE = Path(__file__).parents[2] / "docs/reference.md"
DOCUMENT = re.compile(r"^### (Query|Mutation|Subscription)\.(\w+)$.*?^```graphql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = {(root, field): text for root, field, text in DOCUMENT.findall(PAGE.read_text())}
REFUSED = {
    "signIn": ProblemCode.INVALID_CREDENTIALS,
    "changePassword": ProblemCode.INVALID_CREDENTIALS,
    "refreshSession": ProblemCode.INVALID_REFRESH_TOKEN,
    "completeUpload": ProblemCode.UPLOAD_MISSING,
    "completeImageUpload": ProblemCode.UPLOAD_MISSING,
}
"""What cannot be done with what the world has: there is no password, no token, and no file."""


def who(row: Row) -> str:
    """One of those who may: whose the catalogue is, else whose the playlists are, else an admin."""
    return next(actor for actor in ("artist", "listener", "admin") if actor in row.allowed)


def test_every_operation_has_a_document() -> None:
    tables = {"Query": QUERIES, "Mutation": MUTATIONS, "Subscription": SUBSCRIPTIONS}
    assert set(DOCUMENTS) == {(root, field) for root, table in tables.items() for field in table}


async def test_a_query_answers_what_it_asks_for(ask: Any) -> None:
    world = await make_world(ask.app.state.services.pool)
    for field, (row, *_) in QUERIES.items():
        body = await ask(DOCUMENTS["Query", field], world.viewer(who(row)), **row.arguments(world.named))
        assert "errors" not in body, (field, body)
        assert body["data"][field] is not None, (field, body)


async def test_a_mutation_does_what_it_says_or_tells_why_not(ask: Any) -> None:
    wrong = {}
    for field, (row, *_) in MUTATIONS.items():
        world = await make_world(ask.app.state.services.pool)
        body = await ask(DOCUMENTS["Mutation", field], world.viewer(who(row)), input=row.arguments(world.named))
        payload = (body.get("data") or {}).get(field) or {"userErrors": []}
        told = [error["code"] for error in payload.pop("userErrors")]
        expected = [REFUSED[field].name] if field in REFUSED else []
        nothing = all(value is None for value in payload.values())
        if "errors" in body or told != expected or nothing != bool(expected):
            wrong[field] = (told, body)
    assert not wrong, json.dumps(wrong, indent=1)


async def test_a_subscription_tells_the_present_state(ask: Any, connect: Any) -> None:
    world = await make_world(ask.app.state.services.pool)
    await play(ask, world)
    for field, (row, *_) in SUBSCRIPTIONS.items():
        viewer = world.viewer(who(row))
        async with connect() as socket:
            await socket.start({"authorization": f"Bearer {ask.token(viewer)}"})
            told = await socket.operate(DOCUMENTS["Subscription", field], **row.arguments(world.named))
            assert told["type"] == "next", (field, told)
            assert "errors" not in told["payload"], (field, told)
