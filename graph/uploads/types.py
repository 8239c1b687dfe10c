"""Uploads in GraphQL: the promise, and the request that keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NewType

import strawberry
from graphql import GraphQLError

from graph import ids
from graph.catalog.types import Track
from graph.payloads import Payload
from graph.uploads.promise import Promise
from graph.uploads.service import Announced

ByteCount = NewType("ByteCount", int)


def _byte_count(value: object) -> int:
    # `bool` is an `int` to Python, and not a number to GraphQL.
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError("ByteCount is a whole number.")
    return value


SCALARS = {
    ByteCount: strawberry.scalar(
        name="ByteCount",
        description="A size in bytes: a whole number that may exceed the 32 bits of Int.",
        serialize=_byte_count,
        parse_value=_byte_count,
    )
}


@strawberry.input(description="A master that is about to be sent.")
class CreateUploadInput:
    track_id: strawberry.ID = strawberry.field(description="The track whose media it is.")
    file_name: str = strawberry.field(description="Its name without a folder, as the artist knows it.")
    content_type: str = strawberry.field(description="Its media type, such as `audio/flac`; has to be sent along.")
    size_bytes: ByteCount = strawberry.field(description="Its size.")
    sha256: str = strawberry.field(description="The SHA-256 of the whole file as 64 hexadecimal digits.")

    def promise(self) -> Promise:
        return Promise(
            file_name=self.file_name, content_type=self.content_type, size_bytes=self.size_bytes, sha256=self.sha256
        )


@strawberry.type(description="One header of a request.")
class Header:
    name: str = strawberry.field(description="The name, in lower case.")
    value: str = strawberry.field(description="The value, to be sent unchanged: it is part of the signature.")


@strawberry.type(description="A request to be sent with the file as its body; then call `completeUpload`.")
class Upload:
    type_name: ClassVar[str] = "Upload"
    id: strawberry.ID = strawberry.field(description="For `completeUpload`; opaque.")
    method: str = strawberry.field(description="The HTTP method.")
    url: str = strawberry.field(description="The address; signed, valid until `expiresAt`.")
    headers: list[Header] = strawberry.field(description="Headers that have to be sent.")
    expires_at: datetime = strawberry.field(description="Until when the request is answered.")

    @classmethod
    def of(cls, announced: Announced) -> Upload:
        headers = [Header(name=name, value=value) for name, value in announced.put.headers.items()]
        return cls(
            id=strawberry.ID(ids.encode(cls.type_name, announced.upload_id)),
            method="PUT",
            url=announced.put.url,
            headers=headers,
            expires_at=announced.expires_at,
        )


@strawberry.type(description="The answer of createUpload.")
class CreateUploadPayload(Payload):
    upload: Upload | None = strawberry.field(default=None, description="What to send where.")


@strawberry.input(description="A master that has been sent.")
class CompleteUploadInput:
    upload_id: strawberry.ID = strawberry.field(description="The upload that createUpload answered.")


@strawberry.type(description="The answer of completeUpload.")
class CompleteUploadPayload(Payload):
    track: Track | None = strawberry.field(default=None, description="The track, whose ingest has been queued.")
