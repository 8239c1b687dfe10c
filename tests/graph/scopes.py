"""What an ASGI server tells the application of a request or a socket, before its first message."""

from collections.abc import Mapping
from typing import Any


def request(headers: Mapping[str, str]) -> dict[str, Any]:
    """Of a POST to the API."""
    return {"type": "http", "method": "POST", "scheme": "http", **_of_the_api(headers)}


def socket(headers: Mapping[str, str]) -> dict[str, Any]:
    """Of a WebSocket to the API, which speaks graphql-transport-ws unless its headers say otherwise."""
    subprotocol = headers.get("sec-websocket-protocol", "graphql-transport-ws")
    return {"type": "websocket", "scheme": "ws", "subprotocols": [subprotocol], **_of_the_api(headers)}


def _of_the_api(headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("graph.test", 80),
        "state": {},
        "extensions": {},
    }
