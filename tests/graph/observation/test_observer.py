"""Streams, whose events may be asked for by one task after the other."""

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLError, parse

from config.settings import DocumentSettings
from config.tally import counted
from graph.errors import Code, NotFound, TookTooLong
from graph.execution.documents import Documents, check
from graph.observation.figures import Figures
from graph.observation.observer import Observer
from graph.schema import schema

TRUSTED = "subscription Watch { ingestProgress(trackId: 1) { status } }"


@pytest.fixture
def observer() -> Observer:
    return Observer(Figures(), None, trusted=[TRUSTED], slow_s=1e-9)


@pytest.fixture
def documents() -> Documents:
    known = Documents()
    known.put(TRUSTED, check(parse(TRUSTED), schema()._schema, DocumentSettings()))
    return known


def told(*errors: GraphQLError) -> Any:
    return SimpleNamespace(data=None, errors=list(errors), extensions=None)


async def events(*results: Any) -> AsyncGenerator[Any, None]:
    async def nothing() -> None:
        pass

    for result in results:
        await counted("SELECT 1", nothing())
        yield result


async def following(stream: AsyncGenerator[Any, None]) -> Any:
    """The next event; None at the end."""
    return await anext(stream, None)


async def test_statements_of_every_event_are_counted_whichever_task_asks(
    observer: Observer, documents: Documents
) -> None:
    stream = observer.watching(documents, TRUSTED, None, {}).stream(events(told(), told()))
    assert await asyncio.create_task(following(stream)) == told()
    assert observer.open_subscriptions == 1
    assert [await asyncio.create_task(following(stream)) for _ in range(2)] == [told(), None]
    assert observer.open_subscriptions == 0
    assert observer.figures.work["subscription", "Watch"].statements == 2
    assert observer.figures.events == 2


async def test_a_stream_outlives_what_is_remembered_of_its_document(observer: Observer) -> None:
    documents = Documents(capacity=1)
    checked = check(parse(TRUSTED), schema()._schema, DocumentSettings())
    documents.put(TRUSTED, checked)
    stream = observer.watching(documents, TRUSTED, None, {}).stream(events(told()))
    await following(stream)
    documents.put("another", checked)
    await following(stream)
    assert observer.figures.outcomes == {("subscription", "Watch", "OK"): 1}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GraphQLError("", extensions={"code": "FORBIDDEN"}), Code.FORBIDDEN),
        (GraphQLError("", original_error=NotFound()), Code.NOT_FOUND),
        (GraphQLError("", original_error=TookTooLong()), Code.TIMEOUT),
        (GraphQLError("", original_error=KeyError("secret")), Code.INTERNAL),
        (GraphQLError("a mistake in the request"), Code.BAD_REQUEST),
    ],
    ids=["masked already", "written for clients", "of an extension", "unexpected", "of the request"],
)
def test_an_outcome_is_a_code_of_the_registry(
    observer: Observer, documents: Documents, error: GraphQLError, code: Code
) -> None:
    with observer.watching(documents, TRUSTED, None, {}) as watch:
        watch.told(told(error, GraphQLError("another")))
    assert observer.figures.outcomes == {("subscription", "Watch", code.value): 1}
