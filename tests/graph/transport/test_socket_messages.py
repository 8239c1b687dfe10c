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
        pytest.param({"type": "complete", "id": "é" * 45}, id="the longest id"),
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
        pytest.param({"type": "x" * 1000}, id="an unknown type, and a long one"),
        pytest.param({"type": "connection_ack"}, id="a type of the server"),
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
        pytest.param({"type": "subscribe", "id": "é" * 46, "payload": OPERATION}, id="an id that is too long"),
    ],
)
def test_anything_else_is_refused_with_a_reason_that_a_close_frame_holds(message: object) -> None:
    assert 0 < len((malformed(message) or "").encode()) <= 123
