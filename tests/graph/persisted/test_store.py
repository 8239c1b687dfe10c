"""Documents by their hash, through the API: over HTTP by POST and GET, and over a socket."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from valkey.asyncio import Valkey

from config.settings import GraphSettings, graph_settings
from graph.errors import UnknownDocument
from graph.persisted import store
from graph.persisted.store import PersistedDocuments
from graph.persisted.wanted import Wanted, digest_of

TEXT = "query Kind { __typename }"
TRUSTED = "query Trusted { __typename }"
KIND = {"__typename": "Query"}


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> GraphSettings:
    (tmp_path / "trusted.graphql").write_text(TRUSTED)
    return graph_settings({**environment, "SEGUE_TRUSTED_DOCUMENTS": str(tmp_path)})


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def apollo(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}}


def errors(response: Any) -> list[tuple[str, str]]:
    return [(error["message"], error["extensions"]["code"]) for error in response.json()["errors"]]


MISSING = [("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")]


async def test_a_hash_that_nobody_knows_is_asked_for_and_then_known(ask: Any) -> None:
    fresh = f"{TEXT} # {id(ask)}"
    unknown = await ask.client.post("/graphql", json=apollo(fresh))
    assert (unknown.status_code, errors(unknown)) == (200, MISSING)
    told = await ask.client.post("/graphql", json={"query": fresh, **apollo(fresh)})
    assert told.json()["data"] == KIND
    for again in (apollo(fresh), {"documentId": f"sha256:{digest(fresh)}"}):
        assert (await ask.client.post("/graphql", json=again)).json()["data"] == KIND
    parameters = {"extensions": json.dumps(apollo(fresh)["extensions"])}
    assert (await ask.client.get("/graphql", params=parameters)).json()["data"] == KIND


async def test_an_unknown_hash_is_400_in_the_new_media_type(ask: Any) -> None:
    headers = {"accept": "application/graphql-response+json"}
    response = await ask.client.post("/graphql", json={"documentId": "0" * 64}, headers=headers)
    assert (response.status_code, errors(response)) == (400, MISSING)


async def test_an_event_stream_is_told_of_an_unknown_hash_by_an_event(ask: Any) -> None:
    response = await ask.client.post("/graphql", json={"documentId": "0" * 64}, headers={"accept": "text/event-stream"})
    first, last = response.text.strip().split("\r\n\r\n")
    (error,) = json.loads(first.removeprefix("event: next\r\ndata: "))["errors"]
    assert (error["message"], error["extensions"]["code"]) == MISSING[0]
    assert last.startswith("event: complete")


async def test_a_trusted_document_needs_no_text(ask: Any, connect: Callable[..., Any]) -> None:
    name = f"sha256:{digest(TRUSTED)}"
    assert (await ask.client.post("/graphql", json={"documentId": name})).json()["data"] == KIND
    assert (await ask.client.get("/graphql", params={"documentId": name})).json()["data"] == KIND
    async with connect() as socket:
        await socket.start()
        await socket.send({"type": "subscribe", "id": "1", "payload": {"documentId": name}})
        assert (await socket.receive())["payload"]["data"] == KIND


async def test_a_socket_is_told_of_an_unknown_hash_and_goes_on(ask: Any, connect: Callable[..., Any]) -> None:
    fresh = f"{TEXT} # on a socket {id(ask)}"
    async with connect() as socket:
        await socket.start()
        await socket.send({"type": "subscribe", "id": "1", "payload": apollo(fresh)})
        refused = await socket.receive()
        assert (refused["type"], refused["id"]) == ("error", "1")
        assert refused["payload"][0]["message"] == "PersistedQueryNotFound"
        for payload in ({"query": fresh, **apollo(fresh)}, apollo(fresh)):
            await socket.send({"type": "subscribe", "id": "1", "payload": payload})
            assert (await socket.receive())["payload"]["data"] == KIND
            assert (await socket.receive())["type"] == "complete"


class TestOnlyTrusted:
    @pytest.fixture
    def settings(self, environment: dict[str, str], tmp_path: Path) -> GraphSettings:
        (tmp_path / "trusted.graphql").write_text(TRUSTED)
        named = {"SEGUE_TRUSTED_DOCUMENTS": str(tmp_path), "SEGUE_DOCUMENTS": "trusted"}
        return graph_settings({**environment, **named})

    async def test_answers_what_is_listed(self, ask: Any) -> None:
        for body in ({"documentId": digest(TRUSTED)}, apollo(TRUSTED), {"query": TRUSTED}):
            assert (await ask.client.post("/graphql", json=body)).json()["data"] == KIND

    async def test_answers_nothing_else(self, ask: Any, connect: Callable[..., Any]) -> None:
        for body in ({"query": TEXT}, {"query": TEXT, **apollo(TEXT)}, {"documentId": digest(TEXT)}):
            response = await ask.client.post("/graphql", json=body)
            assert [code for _, code in errors(response)] == ["DOCUMENT_NOT_TRUSTED"]
            async with connect() as socket:
                await socket.start()
                await socket.send({"type": "subscribe", "id": "1", "payload": body})
                assert (await socket.receive())["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


def named(text: str) -> Wanted:
    return Wanted(text=None, digest=digest_of(text))


async def test_processes_share_what_they_were_told_and_forget_the_oldest(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KEPT_TOGETHER", 2)
    await valkey.delete(store.TEXTS, store.USED)
    one = PersistedDocuments(valkey, {}, only_trusted=False)
    for text in ("{ a }", "{ b }", "{ c }"):
        await one.keep(Wanted(text=text, digest=digest_of(text)))
    assert (await valkey.hlen(store.TEXTS), await valkey.zcard(store.USED)) == (2, 2)
    other = PersistedDocuments(valkey, {}, only_trusted=False)
    assert [await other.text(named(text)) for text in ("{ b }", "{ c }")] == ["{ b }", "{ c }"]
    with pytest.raises(UnknownDocument):
        await other.text(named("{ a }"))


async def test_a_long_document_is_answered_and_not_kept(valkey: Valkey) -> None:
    documents = PersistedDocuments(valkey, {}, only_trusted=False)
    text = "{ a } #" + "x" * store.LONGEST_KEPT
    told = Wanted(text=text, digest=digest_of(text))
    await documents.keep(told)
    assert await documents.text(told) == text
    with pytest.raises(UnknownDocument):
        await documents.text(named(text))


@pytest.mark.usefixtures("frozen_valkey")
async def test_without_valkey_a_process_knows_what_it_was_told_itself(valkey: Valkey) -> None:
    documents = PersistedDocuments(valkey, {}, only_trusted=False)
    await documents.keep(Wanted(text="{ d }", digest=digest_of("{ d }")))
    assert await documents.text(named("{ d }")) == "{ d }"
    with pytest.raises(UnknownDocument):
        await documents.text(named("{ e }"))
