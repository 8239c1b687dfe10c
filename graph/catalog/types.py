"""Artist, Album and Track in GraphQL.

A type is made from a record (`of`), which already passed the visibility rules; fields that lead on to other records go
through the operation's loaders.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import strawberry

from graph import enums
from graph.catalog import loaders, records
from graph.connections import After, First, PageInfo
from graph.context import Info
from graph.failures import IngestFailure
from graph.images.types import Illustrated
from graph.mastering import loaders as mastering
from graph.mastering.records import Mastered, Revision
from graph.mastering.types import AlbumLoudness, QualityWarning, TrackLoudness
from graph.paging import DEFAULT_PAGE, Page, page_request
from graph.proposals.loaders import proposals
from graph.proposals.types import Proposal
from ingest.contract import Stage, Status

enums.publish(
    Status,
    name="IngestStatus",
    description="Where an uploaded master is on its way to listeners.",
    values={
        Status.QUEUED: "Accepted, and waiting for a worker.",
        Status.PROCESSING: "A worker is on it.",
        Status.READY: "Listeners can play it; final.",
        Status.FAILED: "The master was refused, `failure` says why; final.",
    },
)
enums.publish(
    Stage,
    name="IngestStage",
    description="The step of ingest that runs or ran last.",
    values={
        Stage.QUEUED: "Nothing was done yet.",
        Stage.FETCH: "The master is copied out of the object store.",
        Stage.DECODE: "The master is decoded to its end.",
        Stage.MEASURE: "Loudness and true peak are measured.",
        Stage.ENCODE: "The renditions are encoded, decoded again to be compared with the master, and stored.",
        Stage.PUBLISH: "The description of the renditions is stored.",
        Stage.DONE: "Nothing is left to do.",
    },
)


@strawberry.type(description="How far the newest master of a track is.")
class IngestState:
    revision_key: strawberry.Private[Revision]
    status: Status = strawberry.field(description="Where it is.")
    stage: Stage = strawberry.field(description="The step that runs or ran last.")
    fraction: float = strawberry.field(description="How much of the whole is done, from 0 to 1.")
    failure: IngestFailure | None = strawberry.field(description="Set when `status` is FAILED.")

    @classmethod
    def of(cls, ingest: records.Ingest, *, asset_id: UUID) -> IngestState:
        code = ingest.failure_code
        return cls(
            revision_key=(asset_id, ingest.revision),
            status=ingest.status,
            stage=ingest.stage,
            fraction=ingest.fraction,
            failure=None if code is None else IngestFailure.of(code),
        )

    @strawberry.field(
        description="Whether it failed by a fault of ours: the file is kept, and is tried again once that is mended."
    )
    async def quarantined(self, info: Info) -> bool | None:
        if self.status is not Status.FAILED:
            return False
        return await info.context.load(mastering.quarantined, self.revision_key)


@strawberry.type(description="Somebody who makes music: a person, a band, an orchestra.")
class Artist(Illustrated):
    type_name: ClassVar[str] = "Artist"
    name: str = strawberry.field(description="The name as it is shown.")

    @classmethod
    def of(cls, record: records.Artist) -> Artist:
        return cls(key=record.id, image_id=record.image_id, name=record.name)

    @strawberry.field(description="The artist's albums in the order in which they were added.")
    async def albums(self, info: Info, first: First = DEFAULT_PAGE, after: After = None) -> AlbumConnection | None:
        request = page_request(first, after, key_type=UUID)
        return AlbumConnection.of(await info.context.load(loaders.albums_of_artists, (self.key, request)))

    @strawberry.field(description="The artist's tracks in the order in which they were added.")
    async def tracks(self, info: Info, first: First = DEFAULT_PAGE, after: After = None) -> TrackConnection | None:
        request = page_request(first, after, key_type=UUID)
        return TrackConnection.of(await info.context.load(loaders.tracks_of_artists, (self.key, request)))


@strawberry.type(description="A release of one artist.")
class Album(Illustrated):
    type_name: ClassVar[str] = "Album"
    artist_key: strawberry.Private[UUID]
    title: str = strawberry.field(description="The title as it is shown.")
    release_date: date | None = strawberry.field(description="The day of the release, if it is known.")

    @classmethod
    def of(cls, record: records.Album) -> Album:
        return cls(
            key=record.id,
            image_id=record.image_id,
            artist_key=record.artist_id,
            title=record.title,
            release_date=record.release_date,
        )

    @strawberry.field(description="Whose album it is.")
    async def artist(self, info: Info) -> Artist | None:
        record = await info.context.load(loaders.artists, self.artist_key)
        return None if record is None else Artist.of(record)

    @strawberry.field(description="The loudness of its tracks together; its figures are null until one is ready.")
    async def loudness(self, info: Info) -> AlbumLoudness | None:
        found = await info.context.load(mastering.albums, self.key)
        return None if found is None else AlbumLoudness.of(found)

    @strawberry.field(description="The tracks by disc and number; those without a number come last on their disc.")
    async def tracks(self, info: Info, first: First = DEFAULT_PAGE, after: After = None) -> TrackConnection | None:
        request = page_request(first, after, key_type=records.AlbumPosition)
        return TrackConnection.of(await info.context.load(loaders.tracks_of_albums, (self.key, request)))


@strawberry.type(description="One recording. It is visible to listeners once its media are ready.")
class Track(Illustrated):
    type_name: ClassVar[str] = "Track"
    record: strawberry.Private[records.Track]
    title: str = strawberry.field(description="The title as it is shown.")
    isrc: str | None = strawberry.field(description="The International Standard Recording Code, without hyphens.")
    disc_number: int = strawberry.field(description="The disc of the album, from 1.")
    track_number: int | None = strawberry.field(description="The number on the disc, from 1.")
    explicit: bool = strawberry.field(description="Whether the lyrics are marked as explicit.")
    duration_ms: int | None = strawberry.field(description="In milliseconds; null until the media are ready.")
    withdrawn_at: datetime | None = strawberry.field(
        description="Since when nobody can play it, also by URLs that were given out; null while it is offered."
    )
    integrated_lufs: float | None = strawberry.field(
        description="Integrated loudness of the master in LUFS (ITU-R BS.1770); null for silence and until measured.",
        deprecation_reason="Ask `loudness`, which has every figure.",
    )
    true_peak_dbtp: float | None = strawberry.field(
        description="True peak of the master in dBTP (ITU-R BS.1770); null for silence and until measured.",
        deprecation_reason="Ask `loudness`, which has every figure.",
    )

    @classmethod
    def of(cls, record: records.Track) -> Track:
        media = record.media
        return cls(
            key=record.id,
            image_id=record.image_id,
            record=record,
            title=record.title,
            isrc=record.isrc,
            disc_number=record.disc_number,
            track_number=record.track_number,
            explicit=record.explicit,
            duration_ms=None if media is None else media.duration_ms,
            withdrawn_at=record.withdrawn_at,
            integrated_lufs=None if media is None else media.integrated_lufs,
            true_peak_dbtp=None if media is None else media.true_peak_dbtp,
        )

    @strawberry.field(description="Who made it.")
    async def artist(self, info: Info) -> Artist | None:
        record = await info.context.load(loaders.artists, self.record.artist_id)
        return None if record is None else Artist.of(record)

    @strawberry.field(description="The album it is on, if it is on one.")
    async def album(self, info: Info) -> Album | None:
        if self.record.album_id is None:
            return None
        record = await info.context.load(loaders.albums, self.record.album_id)
        return None if record is None else Album.of(record)

    @strawberry.field(description="How far the newest master is; null without one, and for all but owner and admins.")
    def ingest(self, info: Info) -> IngestState | None:
        viewer = info.context.viewer
        if self.record.ingest is None or viewer is None or not viewer.may_manage(self.record.owner_id):
            return None
        return IngestState.of(self.record.ingest, asset_id=self.record.asset_id)

    @strawberry.field(description="The loudness of the master; null until the media are ready.")
    async def loudness(self, info: Info) -> TrackLoudness | None:
        found = await self._mastered(info)
        return None if found is None else TrackLoudness.of(found.loudness, album_key=self.record.album_id)

    @strawberry.field(
        description="What quality control found in the newest ready master; null without, and for all but owner and"
        " admins."
    )
    async def quality_warnings(self, info: Info) -> list[QualityWarning] | None:
        viewer = info.context.viewer
        if viewer is None or not viewer.may_manage(self.record.owner_id):
            return None
        found = await self._mastered(info)
        if found is None:
            return None
        return [QualityWarning(code=one.code, message=one.detail) for one in found.warnings]

    async def _mastered(self, info: Info) -> Mastered | None:
        media = self.record.media
        if media is None:
            return None
        return await info.context.load(mastering.masters, (self.record.asset_id, media.revision))

    @strawberry.field(
        description="What the newest ready master says about itself; null without, and for all but owner and admins."
    )
    async def proposal(self, info: Info) -> Proposal | None:
        viewer = info.context.viewer
        if viewer is None or not viewer.may_manage(self.record.owner_id):
            return None
        found = await info.context.load(proposals, self.record.asset_id)
        return None if found is None else Proposal.of(found)


@strawberry.type(description="An album and its place in a list.")
class AlbumEdge:
    cursor: str = strawberry.field(description="Pass it as `after` to continue behind this edge.")
    node: Album = strawberry.field(description="The album.")


@strawberry.type(description="A page of albums.")
class AlbumConnection:
    edges: list[AlbumEdge] = strawberry.field(description="The albums of this page.")
    page_info: PageInfo = strawberry.field(description="Where the page is.")

    @classmethod
    def of(cls, page: Page[records.Album]) -> AlbumConnection:
        edges = [
            AlbumEdge(cursor=cursor, node=Album.of(row)) for cursor, row in zip(page.cursors, page.rows, strict=True)
        ]
        return cls(edges=edges, page_info=PageInfo.of(page))


@strawberry.type(description="A track and its place in a list.")
class TrackEdge:
    cursor: str = strawberry.field(description="Pass it as `after` to continue behind this edge.")
    node: Track = strawberry.field(description="The track.")


@strawberry.type(description="A page of tracks.")
class TrackConnection:
    edges: list[TrackEdge] = strawberry.field(description="The tracks of this page.")
    page_info: PageInfo = strawberry.field(description="Where the page is.")

    @classmethod
    def of(cls, page: Page[records.Track]) -> TrackConnection:
        edges = [
            TrackEdge(cursor=cursor, node=Track.of(row)) for cursor, row in zip(page.cursors, page.rows, strict=True)
        ]
        return cls(edges=edges, page_info=PageInfo.of(page))
