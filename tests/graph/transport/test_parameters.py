from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import BadRequest
from graph.transport.parameters import Parameters, parameters
from graph.transport.socket import malformed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("query", "variables", "operationName", "extensions", "documentId", "id", "type", "payload")
REQUESTS = JSON | st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6)


@given(REQUESTS)
def test_whatever_arrives_is_parameters_or_a_bad_request(request: Any) -> None:
    with suppress(BadRequest):
        assert isinstance(parameters(request), Parameters)


@given(REQUESTS.map(lambda payload: {"type": "subscribe", "id": "1", "payload": payload}) | REQUESTS)
def test_whatever_arrives_on_a_socket_is_a_message_or_has_a_reason(message: Any) -> None:
    assert malformed(message) is None or malformed(message)


def test_null_is_as_good_as_absent() -> None:
    absent = parameters({"query": "{ a }"})
    assert parameters(dict.fromkeys(MEMBERS) | {"query": "{ a }"}) == absent


@pytest.mark.parametrize("request_", [[], [{"query": "{ a }"}]])
def test_a_list_of_operations_is_refused(request_: Any) -> None:
    with pytest.raises(BadRequest, match="one operation at a time"):
        parameters(request_)
