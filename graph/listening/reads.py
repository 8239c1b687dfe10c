"""What a listener has played, as it is read: by that listener alone. And by everybody, charts and artists' best-known.

Every list is one range of an index; nothing is counted while it is read.
"""

from __future__ import annotations

from graph.reads.declarations import Column, Entity, Many, Order, Sort

TRACK = "tracks AS track ON track.id"
ARTIST = "artists AS artist ON artist.id"

SHOWN_FROM_PLAYS = 1000
"""A smaller count would tell whoever looks every hour that somebody was here."""
MOST_SHOWN_PLAYS = 2**31 - 1
"""What an Int of GraphQL holds."""


def _latest(source: str, row: str, *, last: str) -> Many:
    """Tracks by when they were played, the latest first; `last` tells rows of one moment apart."""
    return Many(
        entity="Track",
        parent=f"{row}.user_id",
        source=source,
        orders={
            "recent": Order(
                (
                    Sort(sql=f"{row}.played_at", type="timestamptz", descending=True),
                    Sort(sql=f"{row}.{last}", type="uuid", descending=True),
                )
            )
        },
        edge={"played_at": Column(sql=f"{row}.played_at")},
    )


def _top(entity: str, source: str, *, key: str) -> Many:
    return Many(
        entity=entity,
        parent="top.user_id",
        source=source,
        orders={
            "plays": Order(
                (Sort(sql="top.plays", type="integer", descending=True), Sort(sql=key, type="uuid", descending=True))
            )
        },
        filters={"over": "top.span = :value"},
        edge={"plays": Column(sql="top.plays")},
    )


LISTENING = Entity(
    type_name="Listening",
    table="users",
    alias="listening",
    columns={},
    many={
        "history": _latest(f"plays AS play JOIN {TRACK} = play.track_id", "play", last="id"),
        "recently_played": _latest(
            f"recent_tracks AS recent JOIN {TRACK} = recent.track_id", "recent", last="track_id"
        ),
        "top_tracks": _top("Track", f"top_tracks AS top JOIN {TRACK} = top.track_id", key="top.track_id"),
        "top_artists": _top("Artist", f"top_artists AS top JOIN {ARTIST} = top.artist_id", key="top.artist_id"),
    },
    visible="listening.id = :viewer_id",
)

TRENDING_TRACKS = Many(
    entity="Track",
    parent="entry.chart_id",
    source=f"chart_entries AS entry JOIN {TRACK} = entry.track_id",
    where="track.withdrawn_at IS NULL",
    orders={"place": Order((Sort(sql="entry.place", type="integer"),))},
    edge={"place": Column(sql="entry.place")},
)

POPULAR_TRACKS = Many(
    entity="Track",
    parent="known.artist_id",
    source=f"track_popularity AS known JOIN {TRACK} = known.track_id",
    where="track.withdrawn_at IS NULL",
    orders={
        "score": Order((Sort(sql="(-known.score)", type="double precision"), Sort(sql="known.track_id", type="uuid")))
    },
    edge={
        "plays": Column(
            sql=f"CASE WHEN known.plays >= {SHOWN_FROM_PLAYS} THEN least(known.plays, {MOST_SHOWN_PLAYS}) END"
        )
    },
)
