"""Kept answers are as true as answers that are made anew, whatever row changes, and stay as long as none does."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import asyncpg
import httpx
import pytest
from graphql import build_schema

from config.settings import GraphSettings, graph_settings
from graph.persisted.wanted import digest_of
from tests.graph.reuse.catalogue import Catalogue
from tests.graph.reuse.paths import NODES, path

SDL = Path(__file__).parents[3] / "schema.graphql"
SEEDS = range(int(os.environ.get("SEGUE_TEST_SEEDS", "3")))
ASKED = 60
"""Ways into the schema that one run looks at, of some thousands."""
STEPS = 12


class Asked(NamedTuple):
    """One request."""

    document: str
    id: str
    country: str


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    return Random(request.param)  # noqa: S311 -- draws what a test does, and nothing that is secret


@pytest.fixture
def catalogue(random: Random) -> Catalogue:
    return Catalogue(random)


@pytest.fixture
def asked(random: Random, catalogue: Catalogue) -> list[Asked]:
    schema = build_schema(SDL.read_text())
    kinds = [random.choice(NODES) for _ in range(ASKED)]
    return [Asked(path(random, schema, kind), catalogue.some_id(kind), random.choice(["SE", "DE"])) for kind in kinds]


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path, asked: list[Asked]) -> GraphSettings:
    for number, text in enumerate({one.document for one in asked}):
        (tmp_path / f"{number}.graphql").write_text(text)
    own = {"SEGUE_TRUSTED_DOCUMENTS": str(tmp_path), "SEGUE_COUNTRY_HEADER": "x-country"}
    return graph_settings({**environment, **own})


@pytest.mark.parametrize("random", SEEDS, indirect=True)
async def test_what_is_kept_is_what_would_be_answered_anew(
    ask: Any, asked: list[Asked], catalogue: Catalogue, counting: Any, heard: Callable[[], Awaitable[None]]
) -> None:
    pool = ask.app.state.services.pool
    await run(pool, catalogue.beginning())
    kept = 0
    for _ in range(STEPS):
        await heard()
        for one in asked:
            async with counting() as statements:
                answered = await get(ask, one)
            if not statements:
                kept += 1
                assert answered == await post(ask, one), one
        await run(pool, catalogue.changed(2))
    assert kept > ASKED * STEPS // 4, "so few answers were kept that little was compared"


async def run(pool: Any, statements: list[str]) -> None:
    """Each by itself, for some are refused: a track that is in a playlist of somebody else, an image that is failed."""
    for statement in statements:
        try:
            await pool.execute(statement)
        except asyncpg.IntegrityConstraintViolationError:
            continue


async def get(ask: Any, one: Asked) -> Any:
    parameters = {"documentId": digest_of(one.document), "variables": json.dumps({"id": one.id})}
    return body(await ask.client.get("/graphql", params=parameters, headers={"x-country": one.country}))


async def post(ask: Any, one: Asked) -> Any:
    asked = {"documentId": digest_of(one.document), "variables": {"id": one.id}}
    return body(await ask.client.post("/graphql", json=asked, headers={"x-country": one.country}))


def body(response: httpx.Response) -> Any:
    answered = response.json()
    assert "errors" not in answered, answered
    return answered["data"]
