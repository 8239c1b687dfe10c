"""Uploads in GraphQL: the promise, and the request that keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import strawberry

from config.objects import PresignedPut
from graph import ids
from graph.catalog.types import Track
from graph.payloads import Payload
from graph.scalars import URL, ByteCount
from graph.uploads.promise import Promise
from graph.uploads.service import Announced
from graph.uploads.transfer import SignedPart

INTAKE_PATH = "/uploads"


@strawberry.input(description="A master that is about to be sent.")
class CreateUploadInput:
    track_id: strawberry.ID = strawberry.field(description="The track whose media it is.")
    file_name: str = strawberry.field(description="Its name without a folder, as the artist knows it.")
    content_type: str = strawberry.field(description="Its media type, such as `audio/flac`; has to be sent along.")
    size_bytes: ByteCount = strawberry.field(description="Its size.")
    sha256: str = strawberry.field(description="The SHA-256 of the whole file as 64 hexadecimal digits.")
    in_parts: bool | None = strawberry.field(
        default=None,
        description="Whether to send it in parts, which can be resumed; when it is left out, large files are.",
    )

    def promise(self) -> Promise:
        return Promise(
            file_name=self.file_name, content_type=self.content_type, size_bytes=self.size_bytes, sha256=self.sha256
        )


@strawberry.type(description="One header of a request.")
class Header:
    name: str = strawberry.field(description="The name, in lower case.")
    value: str = strawberry.field(description="The value, to be sent unchanged: it is part of the signature.")


@strawberry.type(description="One part of the file and the request that stores it.")
class UploadPart:
    number: int = strawberry.field(description="From 1, in the order of the file.")
    offset_bytes: ByteCount = strawberry.field(description="Where the part begins in the file.")
    size_bytes: ByteCount = strawberry.field(description="Its size; the store refuses a body of another.")
    method: str = strawberry.field(description="The HTTP method.")
    url: URL = strawberry.field(description="The address; signed, valid until the upload's `expiresAt`.")
    headers: list[Header] = strawberry.field(description="Headers that have to be sent; at most 10.")
    arrived: bool = strawberry.field(description="Whether the store has it already: it need not be sent again.")

    @classmethod
    def of(cls, part: SignedPart) -> UploadPart:
        return cls(
            number=part.cut.number,
            offset_bytes=ByteCount(part.cut.offset_bytes),
            size_bytes=ByteCount(part.cut.size_bytes),
            method="PUT",
            url=URL(part.put.url),
            headers=_headers(part.put),
            arrived=part.arrived,
        )


@strawberry.type(
    description=(
        "A request to the API itself, for clients that cannot reach the object store. It is sent with your access"
        " token and the file as its body."
    )
)
class UploadThroughApi:
    method: str = strawberry.field(description="The HTTP method.")
    path: str = strawberry.field(description="The path on the API's own host.")


@strawberry.type(
    description=(
        "How to send the file: by one request, in `parts` where there are any, or through the API; whichever suits the"
        " client. Then call `completeUpload`."
    )
)
class Upload:
    type_name: ClassVar[str] = "Upload"
    id: strawberry.ID = strawberry.field(description="For `completeUpload`; opaque.")
    method: str = strawberry.field(description="The HTTP method.")
    url: URL = strawberry.field(description="The address for the whole file; signed, valid until `expiresAt`.")
    headers: list[Header] = strawberry.field(description="Headers that have to be sent; at most 10.")
    expires_at: datetime = strawberry.field(description="Until when the requests are answered.")
    arrived_bytes: ByteCount = strawberry.field(
        description="How much has arrived already; when it is the whole size, only `completeUpload` is missing."
    )
    parts: list[UploadPart] | None = strawberry.field(
        description="The file in parts, at most 10,000, to be sent in any order; null when it goes by one request."
    )
    through_api: UploadThroughApi = strawberry.field(description="The way through the API.")

    @classmethod
    def of(cls, announced: Announced) -> Upload:
        transfer = announced.transfer
        global_id = ids.encode(cls.type_name, announced.upload_id)
        return cls(
            id=strawberry.ID(global_id),
            method="PUT",
            url=URL(transfer.put.url),
            headers=_headers(transfer.put),
            expires_at=announced.expires_at,
            arrived_bytes=ByteCount(transfer.arrived_bytes),
            parts=None if transfer.parts is None else [UploadPart.of(part) for part in transfer.parts],
            through_api=UploadThroughApi(method="PUT", path=f"{INTAKE_PATH}/{global_id}"),
        )


def _headers(put: PresignedPut) -> list[Header]:
    return [Header(name=name, value=value) for name, value in put.headers.items()]


@strawberry.type(description="What `createUpload` answers.")
class CreateUploadPayload(Payload):
    upload: Upload | None = strawberry.field(default=None, description="What to send where.")


@strawberry.input(description="A master that has been sent.")
class CompleteUploadInput:
    upload_id: strawberry.ID = strawberry.field(description="The upload that createUpload answered.")
    back_catalogue: bool | None = strawberry.field(
        default=False,
        description=(
            "Whether nobody waits for it: its ingest then comes after all others. Otherwise the release date of the"
            " album decides."
        ),
    )


@strawberry.type(description="What `completeUpload` answers.")
class CompleteUploadPayload(Payload):
    track: Track | None = strawberry.field(default=None, description="The track, whose ingest has been queued.")


@strawberry.input(description="An upload that is given up.")
class AbortUploadInput:
    upload_id: strawberry.ID = strawberry.field(description="The upload that createUpload answered.")


@strawberry.type(description="What `abortUpload` answers.")
class AbortUploadPayload(Payload):
    aborted_upload_id: strawberry.ID | None = strawberry.field(
        default=None, description="The upload, of which nothing is kept."
    )
