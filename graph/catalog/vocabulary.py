"""The words for releases and credits in GraphQL: closed sets, each value with its meaning."""

from __future__ import annotations

from enum import Enum

import strawberry

from graph import enums
from graph.catalog.credits import CreditRole
from graph.catalog.releases import ReleaseState, ReleaseType

enums.publish(
    ReleaseType,
    name="ReleaseType",
    description="What shops and charts call a release.",
    values={
        ReleaseType.SINGLE: "One song, perhaps in several versions.",
        ReleaseType.EP: "More than a single and less than an album.",
        ReleaseType.ALBUM: "An album.",
        ReleaseType.COMPILATION: "A collection of what has been released before, or of many artists.",
    },
)
enums.publish(
    ReleaseState,
    name="ReleaseState",
    description="Whether listeners see a release. Whoever manages it, and admins, see it in every state.",
    values={
        ReleaseState.DRAFT: "It is being prepared; listeners do not see it.",
        ReleaseState.SCHEDULED: "Listeners see it from `liveAt` on; then it is LIVE.",
        ReleaseState.LIVE: "Listeners see it.",
        ReleaseState.WITHDRAWN: (
            "Listeners do not see it any more, and nobody can play its tracks, also by URLs that were given out. It may"
            " go live again."
        ),
    },
)
enums.publish(
    CreditRole,
    name="CreditRole",
    description="What somebody did on a track.",
    values={
        CreditRole.FEATURED: "Is a guest.",
        CreditRole.PERFORMER: "Sings or plays.",
        CreditRole.COMPOSER: "Wrote the music.",
        CreditRole.LYRICIST: "Wrote the words.",
        CreditRole.ARRANGER: "Arranged it.",
        CreditRole.CONDUCTOR: "Conducted it.",
        CreditRole.PRODUCER: "Produced it.",
        CreditRole.REMIXER: "Made a remix of it.",
        CreditRole.ENGINEER: "Recorded it.",
        CreditRole.MIXER: "Mixed it.",
        CreditRole.MASTERING: "Mastered it.",
        CreditRole.PUBLISHER: "Publishes the work.",
    },
)


@strawberry.enum(description="How albums are ordered.")
class AlbumOrder(Enum):
    ADDED = strawberry.enum_value("added", description="As they were added.")
    NEWEST = strawberry.enum_value(
        "newest", description="By the day of the release, the newest first; those without a day come last."
    )
