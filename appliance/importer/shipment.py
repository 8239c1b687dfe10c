"""One file on its way to the object store: promise it, send what has not arrived, complete the promise.

Rule: every step can be repeated without harm. Another attempt promises the same file and is told what has arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from appliance.client import GraphClient, mutation
from appliance.client_errors import ClientError, StoreRefused
from appliance.importer.catalogue import Id
from appliance.importer.files import Content, shown
from appliance.sending import UploadTicket

COMPLETE_TIMEOUT_S: Final = 600.0
"""The API reads the whole file once where the store does not know its digest: 2 GiB took 25 s on two busy cores."""
SIGNATURE_OVER: Final = 403  # also the answer to a wrong one

CREATE_UPLOAD: Final = mutation(
    "createUpload",
    "upload { id method url headers { name value } arrivedBytes"
    " parts { number offsetBytes sizeBytes method url headers { name value } arrived } }",
)
COMPLETE_UPLOAD: Final = mutation("completeUpload", "track { id }")
ABORT_UPLOAD: Final = mutation("abortUpload", "abortedUploadId")

Sent = Callable[[float], None]
"""Told which share of the file has been sent."""


class _Announced(msgspec.Struct, frozen=True):
    upload: UploadTicket


class _Completed(msgspec.Struct, frozen=True):
    track: Id


class _Aborted(msgspec.Struct, frozen=True, rename="camel"):
    aborted_upload_id: str


class Shipment:
    """The way of one file; it remembers its upload, so that a broken one can be given up."""

    def __init__(self, client: GraphClient, file: Path, sent: Sent) -> None:
        self._client = client
        self._file = file
        self._sent = sent
        self._upload_id: str | None = None

    async def deliver(self, track: str, held: Content, *, back_catalogue: bool) -> None:
        """Make the file the track's. Raises ClientError, ServiceUnavailable, OSError."""
        promise = {
            "trackId": track,
            "fileName": shown(Path(self._file.name)),
            "contentType": held.media_type,
            "sizeBytes": held.size_bytes,
            "sha256": held.sha256,
        }
        upload = await self._promise(promise)
        while not held.size_bytes or upload.arrived_bytes < held.size_bytes:
            try:
                await self._send(upload, held)
                break
            except StoreRefused as error:
                # The signatures of a long upload may have run out. As long as it gets on, it gets new ones.
                arrived, upload = upload.arrived_bytes, await self._promise(promise)
                if error.status != SIGNATURE_OVER or upload.arrived_bytes <= arrived:
                    raise
        completed = {"uploadId": upload.id, "backCatalogue": back_catalogue}
        await self._client.mutate(COMPLETE_UPLOAD, completed, to=_Completed, timeout_s=COMPLETE_TIMEOUT_S)

    async def give_up(self) -> None:
        """Make the next attempt begin with another upload; what has arrived of this one is lost."""
        with suppress(ClientError):
            await self._client.mutate(ABORT_UPLOAD, {"uploadId": self._upload_id}, to=_Aborted)

    async def _promise(self, promise: Mapping[str, object]) -> UploadTicket:
        upload = (await self._client.mutate(CREATE_UPLOAD, promise, to=_Announced)).upload
        self._upload_id = upload.id
        return upload

    async def _send(self, upload: UploadTicket, held: Content) -> None:
        def sent(count: int) -> None:
            self._sent(count / (held.size_bytes or 1))

        await self._client.put(upload, self._file, size_bytes=held.size_bytes, sent=sent)
