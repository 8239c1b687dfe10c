"""Objects that arrive in parts.

An unfinished upload may be lost at any time: the embedded store forgets it when it restarts and after a day, a rule of
the bucket may end it elsewhere. One that is gone is ObjectMissing, and the caller begins another.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from config.errors import ObjectMissing
from config.objects.border import translated
from config.objects.records import MultipartUpload, Part, PresignedPut


class Multipart:
    """The unfinished uploads of one bucket. Methods raise what those of `ObjectStore` raise."""

    def __init__(self, client: Any, signer: Any, bucket: str) -> None:
        self._client = client
        self._signer = signer
        self._bucket = bucket

    async def begin(self, key: str, *, content_type: str) -> str:
        """Begin an object of several parts; answers the upload's id."""
        async with translated(key):
            answer = await self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        upload_id: str = answer["UploadId"]
        return upload_id

    async def presign(self, key: str, upload_id: str, number: int, *, size_bytes: int, lifetime_s: int) -> PresignedPut:
        """Sign the PUT of one part, numbered from 1; all but the last have at least 5 MiB."""
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "UploadId": upload_id,
            "PartNumber": number,
            "ContentLength": size_bytes,
        }
        async with translated(key):
            url = await self._signer.generate_presigned_url("upload_part", Params=wanted, ExpiresIn=lifetime_s)
        return PresignedPut(url=url, headers={})

    async def parts(self, key: str, upload_id: str) -> list[Part]:
        """The parts that have arrived, by number; of one that was sent twice, the last."""
        async with translated(key):
            pages = self._client.get_paginator("list_parts").paginate(Bucket=self._bucket, Key=key, UploadId=upload_id)
            return [
                Part(number=part["PartNumber"], etag=part["ETag"], size_bytes=part["Size"])
                async for page in pages
                for part in page.get("Parts", ())
            ]

    async def complete(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Make the object of its parts, which have to be numbered without a gap."""
        named = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        async with translated(key):
            await self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
            )

    async def abort(self, key: str, upload_id: str) -> None:
        """Forget an upload and its parts; one that is gone already is no error."""
        with suppress(ObjectMissing):
            async with translated(key):
                await self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)

    async def unfinished(self, prefix: str) -> list[MultipartUpload]:
        """The unfinished uploads below a prefix and when they were begun."""
        try:
            async with translated(prefix):
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
