import pytest

from graph.transport.socket import malformed

OPERATION = {"query": "{viewer{id}}"}


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"type": "connection_init"}, id="init without payload"),
        pytest.param({"type": "connection_init", "payload": None}, id="init with a null payload"),
        pytest.param({"type": "connection_init", "payload": {"authorization": "Bearer x"}}, id="init with a token"),
        pytest.param({"type": "ping", "payload": {}}, id="ping"),
        pytest.param({"type": "subscribe", "id": "1", "payload": OPERATION}, id="subscribe"),
        pytest.param(
            {"type": "subscribe", "id": "1", "payload": {**OPERATION, "variables": None}}, id="null variables"
        ),
        pytest.param({"type": "complete", "id": "1"}, id="complete"),
        pytest.param({"type": "something new"}, id="an unknown type is Strawberry's to refuse"),
    ],
)
def test_a_message_of_the_protocol_passes(message: object) -> None:
    assert malformed(message) is None


@pytest.mark.parametrize(
    "message",
    [
        pytest.param([], id="a list"),
        pytest.param(1, id="a number"),
        pytest.param({}, id="no type"),
        pytest.param({"type": 1}, id="a type that is no text"),
        pytest.param({"type": "connection_init", "payload": []}, id="init with a list"),
        pytest.param({"type": "subscribe", "payload": OPERATION}, id="no id"),
        pytest.param({"type": "subscribe", "id": "", "payload": OPERATION}, id="an empty id"),
        pytest.param({"type": "subscribe", "id": 1, "payload": OPERATION}, id="a numeric id"),
        pytest.param({"type": "subscribe", "id": "1", "payload": None}, id="a null payload"),
        pytest.param({"type": "subscribe", "id": "1", "payload": {"query": 1}}, id="a query that is no text"),
        pytest.param(
            {"type": "subscribe", "id": "1", "payload": {**OPERATION, "variables": [1]}}, id="listed variables"
        ),
        pytest.param(
            {"type": "subscribe", "id": "1", "payload": {**OPERATION, "operationName": 1}}, id="a numeric name"
        ),
        pytest.param({"type": "complete", "id": ""}, id="complete without an id"),
    ],
)
def test_anything_else_is_refused_with_a_reason(message: object) -> None:
    assert malformed(message)
