"""How far a master is on its way, in GraphQL."""

from __future__ import annotations

from typing import ClassVar

import strawberry

from graph import enums
from graph.catalog.reads import INGEST_STATE
from graph.failures import IngestFailure
from graph.reads.declarations import Entity
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
    entity: ClassVar[Entity] = INGEST_STATE
    status: Status = strawberry.field(description="Where it is.")
    stage: Stage = strawberry.field(description="The step that runs or ran last.")
    fraction: float = strawberry.field(description="How much of the whole is done, from 0 to 1.")
    failure: IngestFailure | None = strawberry.field(description="Set when `status` is FAILED.")
    quarantined: bool | None = strawberry.field(
        description="Whether it failed by a fault of ours: the file is kept, and is tried again once that is mended."
    )
