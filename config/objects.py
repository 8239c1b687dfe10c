"""The object store: S3 with SigV4 through aiobotocore, behind the few verbs that the processes use.

Checksum calculation and validation are `when_required`: botocore's newer default adds trailing checksums that other
S3 servers refuse.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, Any

import msgspec
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientError as HttpClientError
from botocore.exceptions import BotoCoreError, ClientError

from config.errors import ObjectMissing, ServiceUnavailable
from config.settings import S3Settings

READ_CHUNK_BYTES = 256 * 1024
NO_OBJECT = frozenset({"404", "NoSuchKey", "NotFound"})
NO_BUCKET = frozenset({"404", "NoSuchBucket"})  # the operator's mistake, not an object that is gone


class ObjectInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows of an object without reading it."""

    key: str
    size_bytes: int
    sha256: bytes | None = None
    """32 bytes, when the store keeps the checksum that was sent with the upload."""


class PresignedPut(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that stores one object by PUT; `headers` are signed and have to be sent as they are."""

    url: str
    headers: dict[str, str]


class ObjectStore:
    """One bucket. Methods raise ServiceUnavailable when the store is away, ObjectMissing when a key is not there."""

    def __init__(self, client: Any, signer: Any, bucket: str) -> None:
        self._client = client
        self._signer = signer
        self._bucket = bucket

    async def head(self, key: str) -> ObjectInfo:
        async with _translated(key):
            answer = await self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        checksum = answer.get("ChecksumSHA256")
        return ObjectInfo(
            key=key,
            size_bytes=answer["ContentLength"],
            sha256=base64.b64decode(checksum) if checksum and "-" not in checksum else None,
        )

    async def read(self, key: str) -> bytes:
        return b"".join([chunk async for chunk in self.stream(key)])

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        """Read `length` bytes from byte `start`; the range has to lie inside the object."""
        async with _translated(key):
            answer = await self._client.get_object(
                Bucket=self._bucket, Key=key, Range=f"bytes={start}-{start + length - 1}"
            )
            async with answer["Body"] as body:
                data: bytes = await body.read()
        return data

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        async with _translated(key):
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as body:
                async for chunk in body.iter_chunks(READ_CHUNK_BYTES):
                    yield chunk

    async def write(self, key: str, body: bytes | IO[bytes], *, content_type: str) -> None:
        async with _translated(key):
            await self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)

    async def keys(self, prefix: str) -> list[str]:
        async with _translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return [item["Key"] async for page in pages for item in page.get("Contents", ())]

    async def delete(self, key: str) -> None:
        """Remove one object; one that is gone already is no error."""
        async with _translated(key):
            await self._client.delete_object(Bucket=self._bucket, Key=key)

    async def delete_prefix(self, prefix: str) -> None:
        """Remove everything below `prefix`, which has to end with a slash."""
        if not prefix.endswith("/"):
            raise ValueError(f"a prefix to delete ends with a slash, not {prefix!r}")
        for key in await self.keys(prefix):
            await self.delete(key)

    async def presign_put(self, key: str, *, content_type: str, sha256: bytes, lifetime_s: int) -> PresignedPut:
        """Sign a PUT; a store that knows checksums refuses a body whose SHA-256 is another."""
        checksum = base64.b64encode(sha256).decode()
        async with _translated(key):
            url = await self._signer.generate_presigned_url(
                "put_object",
                Params={"Bucket": self._bucket, "Key": key, "ContentType": content_type, "ChecksumSHA256": checksum},
                ExpiresIn=lifetime_s,
            )
        return PresignedPut(url=url, headers={"content-type": content_type, "x-amz-checksum-sha256": checksum})

    async def create_bucket(self) -> None:
        """Make the bucket unless it is there."""
        async with _translated(self._bucket):
            try:
                await self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if error.response["Error"]["Code"] not in NO_BUCKET:
                    raise
                await self._client.create_bucket(Bucket=self._bucket)

    async def ping(self) -> None:
        async with _translated(self._bucket):
            await self._client.head_bucket(Bucket=self._bucket)


@asynccontextmanager
async def open_store(settings: S3Settings) -> AsyncIterator[ObjectStore]:
    """Make the client of one process and close it at the end; it connects on first use."""
    session = get_session()
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
            max_pool_connections=64,
            retries={"mode": "standard", "max_attempts": 2},
        ),
    }
    async with (
        session.create_client("s3", endpoint_url=settings.endpoint, **common) as client,
        session.create_client("s3", endpoint_url=settings.public_endpoint, **common) as signer,
    ):
        yield ObjectStore(client, signer, settings.bucket)


@asynccontextmanager
async def _translated(key: str) -> AsyncIterator[None]:
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
