"""The border to the object store: what the client library raises, and what the store answers, as errors of ours."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientError as HttpClientError
from botocore.exceptions import BotoCoreError, ClientError

from config.errors import ObjectMissing, ServiceUnavailable

NO_OBJECT = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchUpload"})


@asynccontextmanager
async def translated(key: str) -> AsyncIterator[None]:
    """Turn the client library's errors into ours, at the one border to it."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in NO_OBJECT:
            raise ObjectMissing(key) from error
        raise ServiceUnavailable("S3", code or "refused") from error
    except (BotoCoreError, HttpClientError, OSError, TimeoutError) as error:
        raise ServiceUnavailable("S3", type(error).__name__) from error


def refusal(key: str, status: int, body: str) -> ObjectMissing | ServiceUnavailable:
    """The error that an answer of the store to a request of our own means."""
    code = _code(status, body)
    return ObjectMissing(key) if code in NO_OBJECT else ServiceUnavailable("S3", code)


def _code(status: int, body: str) -> str:
    """Of an S3 error, which is XML."""
    found = re.search(r"<Code>(\w+)</Code>", body)
    return found[1] if found else f"status {status}"
