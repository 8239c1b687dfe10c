"""The store of objects: one bucket, behind the few verbs that the processes use.

A presigned request states the body's length in its signature, so a store refuses a body of another size by itself.

Ranged reads are signed by us (`config.sigv4`) and sent by the HTTP client: the client library takes four times as long.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterable, AsyncIterator
from typing import IO, Any
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout
from botocore.exceptions import ClientError

from config import sigv4
from config.errors import ServiceUnavailable
from config.objects.border import refusal, translated
from config.objects.multipart import Multipart
from config.objects.records import ListedObject, ObjectInfo, PresignedPut
from config.objects.streamed import StreamedBody
from config.settings import S3Settings

READ_CHUNK_BYTES = 256 * 1024
NO_BUCKET = frozenset({"404", "NoSuchBucket"})  # the operator's mistake, not an object that is gone


class ObjectStore:
    """One bucket. Methods raise ServiceUnavailable when the store is away, ObjectMissing when a key is not there."""

    def __init__(self, client: Any, signer: Any, http: ClientSession, settings: S3Settings) -> None:
        self.multipart = Multipart(client, signer, settings.bucket)
        self._client = client
        self._signer = signer
        self._http = http
        self._bucket = settings.bucket
        self._timeout_s = settings.timeout_s
        self._limits = ClientTimeout(sock_connect=settings.timeout_s, sock_read=settings.timeout_s)
        self._endpoint = urlsplit(settings.endpoint)
        self._credentials = sigv4.Credentials(
            access_key=settings.access_key, secret_key=settings.secret_key.reveal(), region=settings.region
        )

    async def head(self, key: str) -> ObjectInfo:
        async with translated(key):
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
        async with translated(key), self._http.get(url, headers=headers, timeout=self._limits) as answer:
            # The embedded store says 200 to a part, too; a store that knows no ranges has no Content-Range.
            if answer.status >= 300 or "content-range" not in answer.headers:
                raise refusal(key, answer.status, await answer.text(errors="replace"))
            return await answer.read()

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        async with translated(key):
            answer = await self._client.get_object(Bucket=self._bucket, Key=key)
            async with answer["Body"] as body:
                async for chunk in body.iter_chunks(READ_CHUNK_BYTES):
                    yield chunk

    async def write(self, key: str, body: bytes | IO[bytes], *, content_type: str) -> None:
        async with translated(key):
            await self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)

    async def keys(self, prefix: str) -> list[str]:
        async with translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            return [item["Key"] async for page in pages for item in page.get("Contents", ())]

    async def listing(self, prefix: str) -> AsyncIterator[list[ListedObject]]:
        """Everything below `prefix`, a page of up to a thousand at a time."""
        async with translated(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            async for page in pages:
                yield [
                    ListedObject(key=item["Key"], modified_at=item["LastModified"]) for item in page.get("Contents", ())
                ]

    async def delete(self, key: str) -> None:
        """Remove one object; one that is gone already is no error."""
        async with translated(key):
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
        async with translated(key):
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
        source = StreamedBody(pieces, patience_s=self._timeout_s)
        headers = {**put.headers, "content-length": str(size_bytes)}
        try:
            async with (
                translated(key),
                asyncio.timeout(None) as source.limit,
                self._http.put(put.url, data=source.run(), headers=headers, timeout=self._limits) as answer,
            ):
                if answer.status >= 300:
                    raise refusal(key, answer.status, await answer.text(errors="replace"))
        except ServiceUnavailable:
            if source.failure is not None:
                raise source.failure from None
            raise

    async def create_bucket(self) -> None:
        """Make the bucket unless it is there."""
        async with translated(self._bucket):
            try:
                await self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if error.response["Error"]["Code"] not in NO_BUCKET:
                    raise
                await self._client.create_bucket(Bucket=self._bucket)

    async def ping(self) -> None:
        async with translated(self._bucket):
            await self._client.head_bucket(Bucket=self._bucket)
