"""The client of one process: S3 with SigV4 through aiobotocore.

Checksum calculation and validation are `when_required`: botocore's newer default adds trailing checksums that other
S3 servers refuse.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from config.objects.store import ObjectStore
from config.settings import S3Settings


@asynccontextmanager
async def open_store(settings: S3Settings) -> AsyncIterator[ObjectStore]:
    """Make the client of one process and close it at the end; it connects on first use."""
    session = _session()
    common = {
        "region_name": settings.region,
        "aws_access_key_id": settings.access_key,
        "aws_secret_access_key": settings.secret_key.reveal(),
        "config": AioConfig(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=settings.timeout_s,
            read_timeout=settings.timeout_s,
            max_pool_connections=settings.connections,
            retries={"mode": "standard", "max_attempts": 2},
        ),
    }
    async with (
        session.create_client("s3", endpoint_url=settings.endpoint, **common) as client,
        session.create_client("s3", endpoint_url=settings.public_endpoint, **common) as signer,
        ClientSession(connector=TCPConnector(limit=settings.connections), cookie_jar=DummyCookieJar()) as http,
    ):
        yield ObjectStore(client, signer, http, settings)


@cache
def _session() -> AioSession:
    """One for the process: each would read the megabytes that describe S3 anew, and it holds nothing of a client's."""
    return get_session()
