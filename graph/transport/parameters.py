"""The parameters of one operation as they arrive, by whatever transport: their shapes, checked once.

GraphQL over HTTP, section "Request Parameters": null is as good as absent, and members that we do not know are ignored.

Pure.
"""

from __future__ import annotations

from typing import Any

import msgspec

from graph.errors import BadRequest
from graph.persisted.wanted import Wanted, wanted


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """One operation that is asked for."""

    wanted: Wanted
    operation_name: str | None
    variables: dict[str, Any] | None
    extensions: dict[str, Any] | None


def parameters(request: object) -> Parameters:
    """Read a decoded request. Raises BadRequest."""
    if isinstance(request, list):
        raise BadRequest("Send one operation at a time: a list of them is not answered.")
    if not isinstance(request, dict):
        raise BadRequest("The request has to be an object.")
    query = _member(request, "query", str, "a text")
    extensions = _member(request, "extensions", dict, "an object")
    return Parameters(
        wanted=wanted(query, request.get("documentId"), extensions),
        operation_name=_member(request, "operationName", str, "a text"),
        variables=_member(request, "variables", dict, "an object"),
        extensions=extensions,
    )


def _member(request: dict[str, Any], name: str, kind: type, shape: str) -> Any:
    value = request.get(name)
    if not isinstance(value, kind | None):
        raise BadRequest(f"`{name}` has to be {shape} or null.")
    return value
