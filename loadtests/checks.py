"""What makes an answer a failure. Pure: each check answers None, or what is wrong in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def wrong_body(status: int, headers: Mapping[str, str] | None, content: bytes | None) -> str | None:
    """A whole body has to come with 200, as long as `Content-Length` says.

    A compressed body arrives here unpacked, while the header counts it packed: unpacking has judged it already.
    """
    if status != 200:
        return f"status {status}"
    given = headers or {}
    length = None if "content-encoding" in given else given.get("content-length")
    received = len(content or b"")
    if length is not None and int(length) != received:
        return f"Content-Length {length}, {received} bytes received"
    return None if received else "an empty body"


def wrong_answer(body: Mapping[str, Any], field: str) -> str | None:
    """GraphQL answers 200 to a refusal too: it stands in `errors`, or in the payload's `userErrors`."""
    errors = body.get("errors")
    if errors:
        return f"{errors[0].get('extensions', {}).get('code')}: {errors[0]['message']}"
    payload = (body.get("data") or {}).get(field)
    if payload is None:
        return f"no {field} in the answer"
    refusals = payload.get("userErrors")
    return refusals[0]["message"] if refusals else None
