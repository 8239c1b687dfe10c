"""The way of one file, from its digest to the end of its ingest.

Ask whether the account has this very content already, or this very audio in another file; find or make the file's
track; send the file; follow the ingest.

Rule: every step can be repeated without harm, so an interrupted import is resumed by running it again, and a step that
fails for a passing reason is tried again here.

Not here: reading the file (`files`), its artist, album and track (`catalogue`), sending it (`shipment`), many files at
once (`batch`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

import msgspec

from appliance.client import GraphClient
from appliance.client_errors import ClientError, StoreRefused, TokenExpired
from appliance.importer.albums import Description
from appliance.importer.catalogue import Catalogue, Id
from appliance.importer.files import Content
from appliance.importer.outcome import Outcome, Status, unreadable
from appliance.importer.recognition import Recognition
from appliance.importer.shipment import Shipment
from config.errors import ServiceUnavailable
from ingest.contract import LATE_DAYS

FIRST_PAUSE_S: Final = 0.5  # doubled after every attempt
BROKEN_STORE: Final = 500
"""What a store answers that has lost the thread of an upload; one that is away or busy answers otherwise or not at all.
The embedded one does so for good after a full disk: only another upload then helps."""
UPLOAD_SHARE: Final = 0.3
"""How much of a file's bar the upload is; the rest is the ingest, which takes longer on one's own machine."""

FIND_CONTENT: Final = """
query ($sha256: String!) { viewer { upload(sha256: $sha256) { id ingest { status } } } }"""
FIND_AUDIO: Final = """
query ($pcmSha256: String!) { viewer { trackByFingerprint(pcmSha256: $pcmSha256) { id } } }"""
FOLLOW: Final = """
subscription ($trackId: ID!) { ingestProgress(trackId: $trackId) { status stage fraction failure { code message } } }"""


class Watcher(Protocol):
    """Who is told how far a file is."""

    def advance(self, file: Path, step: str, fraction: float) -> None:
        """`fraction` of the file's whole way, 0 to 1."""


class Failure(msgspec.Struct, frozen=True):
    code: str
    message: str


class Progress(msgspec.Struct, frozen=True):
    """One event of `ingestProgress`."""

    status: str
    stage: str
    fraction: float
    failure: Failure | None = None


class _State(msgspec.Struct, frozen=True):
    status: str


class _Known(msgspec.Struct, frozen=True):
    id: str
    ingest: _State | None = None


class _Viewer(msgspec.Struct, frozen=True):
    upload: _Known | None = None


class _Audible(msgspec.Struct, frozen=True, rename="camel"):
    track_by_fingerprint: Id | None = None


class Passage:
    """One file on its way; it remembers the track that it was given, so another attempt does not make a second."""

    def __init__(
        self, client: GraphClient, catalogue: Catalogue, recognition: Recognition, watcher: Watcher, file: Path
    ) -> None:
        self._client = client
        self._catalogue = catalogue
        self._recognition = recognition
        self._watcher = watcher
        self._file = file
        self._shipment = Shipment(client, file, self._sent)
        self._track: str | None = None
        self._duration_s: float | None = None

    async def take(self, description: Description, held: Content, *, attempts: int) -> tuple[Outcome, bool]:
        """The outcome, and whether it is that a service stayed away."""
        self._duration_s = description.duration_s
        pause_s = FIRST_PAUSE_S
        while True:
            attempts -= 1
            try:
                return await self._attempt(description, held), False
            except OSError as error:
                return unreadable(self._file, error), False
            except (ClientError, ServiceUnavailable) as error:
                if attempts <= 0 or not error.retryable:
                    return self._end(Status.FAILED, code=error.code, reason=_sentence(error)), error.retryable
                if attempts == 1 and isinstance(error, StoreRefused) and error.status == BROKEN_STORE:
                    await self._shipment.give_up()
            await asyncio.sleep(pause_s)
            pause_s *= 2

    async def _attempt(self, description: Description, held: Content) -> Outcome:
        viewer = await self._client.query(FIND_CONTENT, {"sha256": held.sha256}, to=_Viewer)
        known = viewer.upload
        if known is not None and known.ingest is not None and known.ingest.status == "READY":
            # A file that became ready while this import waited between two attempts is this import's own.
            status = Status.READY if known.id == self._track else Status.EXISTS
            self._track = known.id
            return self._end(status)
        if known is not None and (known.ingest is None or known.ingest.status != "FAILED"):
            self._track = known.id
            return await self._follow(self._track)
        return await self._unless_heard(description, held)

    async def _unless_heard(self, description: Description, held: Content) -> Outcome:
        """Upload the file, unless its audio is there."""
        self._watcher.advance(self._file, "recognising", 0.0)
        async with self._recognition.audio_of(self._file) as audio:
            same = await self._with_audio(audio) if audio else None
            if same is not None:
                status = Status.READY if same == self._track else Status.EXISTS
                self._track = same
                return self._end(status)
            self._track = self._track or await self._catalogue.track_for(description)
            await self._shipment.deliver(self._track, held, back_catalogue=_is_back_catalogue(description))
            return await self._follow(self._track)

    async def _with_audio(self, audio: str) -> str | None:
        found = (await self._client.query(FIND_AUDIO, {"pcmSha256": audio}, to=_Audible)).track_by_fingerprint
        return found.id if found is not None else None

    def _sent(self, share: float) -> None:
        self._watcher.advance(self._file, "uploading", UPLOAD_SHARE * share)

    async def _follow(self, track: str) -> Outcome:
        """Follow to the subscription's own end: a socket that is closed just before it is a fault to the server."""
        last: Progress | None = None
        async for last in self._progress(track):
            fraction = UPLOAD_SHARE + (1 - UPLOAD_SHARE) * last.fraction
            self._watcher.advance(self._file, STEPS.get(last.stage, "working"), fraction)
        if last is not None and last.status == "READY":
            return self._end(Status.READY)
        if last is not None and last.status == "FAILED":
            failure = last.failure or UNSAID
            return self._end(Status.FAILED, code=failure.code.lower(), reason=failure.message)
        raise self._client.away("the progress ended before the ingest did")

    async def _progress(self, track: str) -> AsyncIterator[Progress]:
        """Every event to the end; a queue may be longer than a token lives, so another socket takes over then."""
        while True:
            try:
                async for progress in self._client.subscribe(FOLLOW, {"trackId": track}, to=Progress):
                    yield progress
            except TokenExpired:
                await asyncio.sleep(FIRST_PAUSE_S)  # whatever the lifetime, a server is not asked without a breath
                continue
            return

    def _end(self, status: Status, *, code: str | None = None, reason: str | None = None) -> Outcome:
        return Outcome(
            file=self._file,
            status=status,
            code=code,
            reason=reason,
            track=self._track,
            duration_s=self._duration_s,
        )


UNSAID: Final = Failure("internal", "The ingest failed without saying why.")


def _is_back_catalogue(description: Description) -> bool:
    """Whether listeners wait for it: an import is of old music, unless its tags have a date that is not over."""
    if description.release_date is None:
        return True
    today = datetime.now(UTC).date()
    return description.release_date < (today - timedelta(days=LATE_DAYS)).isoformat()


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


STEPS: Final = {
    "QUEUED": "waiting",
    "FETCH": "fetching",
    "DECODE": "decoding",
    "MEASURE": "measuring",
    "ENCODE": "encoding",
    "PUBLISH": "publishing",
    "DONE": "done",
}
"""The ingest's stages in the words of the progress bar."""
