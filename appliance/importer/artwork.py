"""Artwork after an import: the covers inside the masters become those of albums that have none.

The ingest only proposes a picture, since anybody may have put it into a file. Whoever imports a folder has chosen it
with its covers, so they are taken over here, by the same mutation that an artist's page uses. The first track of an
album whose picture can be used decides. What fails here spoils no import: a cover can be set later, and the next import
of the same folder tries again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from appliance.client import GraphClient, mutation
from appliance.client_errors import ClientError
from appliance.importer.outcome import Outcome, Status
from config.errors import ServiceUnavailable

PAGE: Final = 100
"""How many ids the API takes at once."""

PROPOSALS: Final = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Track { album { id image { id } } proposal { image { id status } } } }
}"""
SET_ARTWORK: Final = mutation("setArtwork", "subject { id }")


class _Id(msgspec.Struct, frozen=True):
    id: str


class _Image(msgspec.Struct, frozen=True):
    id: str
    status: str


class _Album(msgspec.Struct, frozen=True):
    id: str
    image: _Id | None = None


class _Proposal(msgspec.Struct, frozen=True):
    image: _Image | None = None


class _Track(msgspec.Struct, frozen=True):
    album: _Album | None = None
    proposal: _Proposal | None = None


class _Set(msgspec.Struct, frozen=True):
    subject: _Id


async def take_over(client: GraphClient, outcomes: Sequence[Outcome]) -> None:
    """Give every album of these files its cover, if it has none and they bring one."""
    tracks = [outcome.track for outcome in outcomes if outcome.track and outcome.status is not Status.FAILED]
    covers: dict[str, str] = {}
    with suppress(ClientError, ServiceUnavailable):
        for start in range(0, len(tracks), PAGE):
            ids = tracks[start : start + PAGE]
            for album, image in _wanted(await client.query(PROPOSALS, {"ids": ids}, to=list[_Track | None])):
                covers.setdefault(album, image)
        for album, image in covers.items():
            await client.mutate(SET_ARTWORK, {"subjectId": album, "imageId": image}, to=_Set)


def _wanted(tracks: Sequence[_Track | None]) -> Iterator[tuple[str, str]]:
    """Albums without a cover, each with a picture that one of its tracks proposes."""
    for track in tracks:
        if track is None or track.album is None or track.album.image is not None or track.proposal is None:
            continue
        image = track.proposal.image
        if image is not None and image.status != "FAILED":
            yield track.album.id, image.id
