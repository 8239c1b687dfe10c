"""The object store: S3 with SigV4 through aiobotocore, behind the few verbs that the processes use.

Checksum calculation and validation are `when_required`: botocore's newer default adds trailing checksums that other
S3 servers refuse.

A presigned request states the body's length in its signature, so a store refuses a body of another size by itself.

Ranged reads are signed by us (`config.sigv4`) and sent by the HTTP client: the client library takes four times as long.

Multipart uploads may be lost at any time: the embedded store forgets them when it restarts and after a day, a rule of
the bucket may end them elsewhere. One that is gone is ObjectMissing, and the caller begins another.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from aiohttp import ClientError as HttpClientError
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from botocore.exceptions import BotoCoreError, ClientError

from config import sigv4
from config.errors import ObjectMissing, ServiceUnavailable
from config.settings import S3Settings

READ_CHUNK_BYTES = 256 * 1024
NO_OBJECT = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchUpload"})
NO_BUCKET = frozenset({"404", "NoSuchBucket"})  # the operator's mistake, not an object that is gone


class ObjectInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows of an object without reading it."""

    key: str
    size_bytes: int
    sha256: bytes | None = None
    """32 bytes, when the store keeps the checksum that was sent with the upload."""


class ListedObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object in a listing, and when it was last written."""

    key: str
    modified_at: datetime


class PresignedPut(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that stores one object by PUT; `headers` are signed and have to be sent as they are."""

    url: str
    headers: dict[str, str]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part that the store holds of an unfinished object."""

    number: int
    etag: str
    size_bytes: int


class MultipartUpload(msgspec.Struct, frozen=True, kw_only=True):
    """An object that is being put together; nobody sees it before it is complete."""

    key: str
    upload_id: str
    begun_at: datetime


class ObjectStore:
    """One bucket. Methods raise ServiceUnavailable when the store is away, ObjectMissing when a key is not there."""

    def __init__(self, client: Any, signer: Any, http: ClientSession, settings: S3Settings) -> None:
        self._client = client
        self._signer = signer
        self._http = http
        self._bucket = settings.bucket
        self._timeout_s = settings.timeout_s
        self._endpoint = urlsplit(settings.endpoint)
        self._credentials = sigv4.Credentials(
            access_key=settings.access_key, secret_key=settings.secret_key.reveal(), region=settings.region
        )

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
        path = self._endpoint.path + sigv4.object_path(self._bucket, key)
        host = self._endpoint.netloc
        headers = sigv4.ranged_get(
            self._credentials, host=host, path=path, start=start, length=length, now_s=time.time()
        )
        url = f"{self._endpoint.scheme}://{host}{path}"
        limits = ClientTimeout(sock_connect=self._timeout_s, sock_read=self._timeout_s)
        async with _translated(key), self._http.get(url, headers=headers, timeout=limits) as answer:
            # The embedded store says 200 to a part, too; a store that knows no ranges has no Content-Range.
            if answer.status >= 300 or "content-range" not in answer.headers:
                raise _refusal(key, answer.status, await answer.text(errors="replace"))
            return await answer.read()

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

    async def listing(self, prefix: str) -> AsyncIterator[list[ListedObject]]:
        """Everything below `prefix`, a page of up to a thousand at a time."""
        async with _translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            async for page in pages:
                yield [
                    ListedObject(key=item["Key"], modified_at=item["LastModified"]) for item in page.get("Contents", ())
                ]

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

    async def presign_put(
        self, key: str, *, content_type: str, size_bytes: int, sha256: bytes, lifetime_s: int
    ) -> PresignedPut:
        """Sign a PUT; a store that knows checksums refuses a body whose SHA-256 is another."""
        return await self._signed_put(
            self._signer, key, content_type=content_type, size_bytes=size_bytes, sha256=sha256, lifetime_s=lifetime_s
        )

    async def _signed_put(
        self, signer: Any, key: str, *, content_type: str, size_bytes: int, sha256: bytes, lifetime_s: int
    ) -> PresignedPut:
        checksum = base64.b64encode(sha256).decode()
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "ContentType": content_type,
            "ContentLength": size_bytes,
            "ChecksumSHA256": checksum,
        }
        async with _translated(key):
            url = await signer.generate_presigned_url("put_object", Params=wanted, ExpiresIn=lifetime_s)
        return PresignedPut(url=url, headers={"content-type": content_type, "x-amz-checksum-sha256": checksum})

    async def write_stream(
        self, key: str, pieces: AsyncIterable[bytes], *, content_type: str, size_bytes: int, sha256: bytes
    ) -> None:
        """Store what arrives piece by piece; nothing of it is held here, and the store takes all of it or nothing.

        What `pieces` raises is raised as it is, and the store then keeps nothing. The client library would sign the
        whole body, for which it would have to read it first; a presigned request does not cover it.
        """
        put = await self._signed_put(
            self._client, key, content_type=content_type, size_bytes=size_bytes, sha256=sha256, lifetime_s=86400
        )
        source = _Source(pieces, patience_s=self._timeout_s)
        limits = ClientTimeout(sock_connect=self._timeout_s, sock_read=self._timeout_s)
        headers = {**put.headers, "content-length": str(size_bytes)}
        try:
            async with (
                _translated(key),
                asyncio.timeout(None) as source.limit,
                self._http.put(put.url, data=source.run(), headers=headers, timeout=limits) as answer,
            ):
                _require_stored(answer.status, await answer.text(errors="replace"))
        except ServiceUnavailable:
            if source.failure is not None:
                raise source.failure from None
            raise

    async def create_multipart(self, key: str, *, content_type: str) -> str:
        """Begin an object of several parts; answers the upload's id."""
        async with _translated(key):
            answer = await self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        upload_id: str = answer["UploadId"]
        return upload_id

    async def presign_part(
        self, key: str, upload_id: str, number: int, *, size_bytes: int, lifetime_s: int
    ) -> PresignedPut:
        """Sign the PUT of one part, numbered from 1; all but the last have at least 5 MiB."""
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "UploadId": upload_id,
            "PartNumber": number,
            "ContentLength": size_bytes,
        }
        async with _translated(key):
            url = await self._signer.generate_presigned_url("upload_part", Params=wanted, ExpiresIn=lifetime_s)
        return PresignedPut(url=url, headers={})

    async def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """The parts that have arrived, by number; of one that was sent twice, the last."""
        async with _translated(key):
            pages = self._client.get_paginator("list_parts").paginate(Bucket=self._bucket, Key=key, UploadId=upload_id)
            return [
                Part(number=part["PartNumber"], etag=part["ETag"], size_bytes=part["Size"])
                async for page in pages
                for part in page.get("Parts", ())
            ]

    async def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Make the object of its parts, which have to be numbered without a gap."""
        named = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        async with _translated(key):
            await self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
            )

    async def abort_multipart(self, key: str, upload_id: str) -> None:
        """Forget an upload and its parts; one that is gone already is no error."""
        with suppress(ObjectMissing):
            async with _translated(key):
                await self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)

    async def multipart_uploads(self, prefix: str) -> list[MultipartUpload]:
        """The unfinished uploads below a prefix and when they were begun."""
        try:
            async with _translated(prefix):
                pages = self._client.get_paginator("list_multipart_uploads").paginate(
                    Bucket=self._bucket, Prefix=prefix
                )
                return [
                    MultipartUpload(key=one["Key"], upload_id=one["UploadId"], begun_at=one["Initiated"])
                    async for page in pages
                    for one in page.get("Uploads", ())
                ]
        except ObjectMissing:  # the embedded store's answer for none since it started
            return []

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


class _Source:
    """The body of a streamed PUT: remembers what it failed of, and gives the store so long to take each piece.

    The HTTP library has no limit on writing, and wraps what a body raises in an error of its own.
    """

    limit: asyncio.Timeout

    def __init__(self, pieces: AsyncIterable[bytes], *, patience_s: float) -> None:
        self._pieces = pieces
        self._patience_s = patience_s
        self.failure: Exception | None = None

    async def run(self) -> AsyncGenerator[bytes, None]:
        try:
            async for piece in self._pieces:
                self.limit.reschedule(asyncio.get_running_loop().time() + self._patience_s)
                yield piece
                self.limit.reschedule(None)
        except Exception as error:
            self.failure = error
            raise


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


def _require_stored(status: int, body: str) -> None:
    """Raise ServiceUnavailable with the code of an S3 error."""
    if status >= 300:
        raise ServiceUnavailable("S3", _code(status, body))


def _refusal(key: str, status: int, body: str) -> ObjectMissing | ServiceUnavailable:
    code = _code(status, body)
    return ObjectMissing(key) if code in NO_OBJECT else ServiceUnavailable("S3", code)


def _code(status: int, body: str) -> str:
    """Of an S3 error, which is XML."""
    found = re.search(r"<Code>(\w+)</Code>", body)
    return found[1] if found else f"status {status}"
