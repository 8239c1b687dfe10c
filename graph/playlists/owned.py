"""The playlists of an account, as they are listed: in its library, and for others who look at it."""

from __future__ import annotations

from graph.reads.declarations import Many, Order, Sort

# The first is what a library shows: what one has worked on last.
PLAYLISTS_OF_USER = Many(
    entity="Playlist",
    parent="playlist.owner_id",
    orders={
        "updated": Order(
            (
                Sort(sql="playlist.updated_at", type="timestamptz", descending=True),
                Sort(sql="playlist.id", type="uuid", descending=True),
            )
        ),
        "created": Order((Sort(sql="playlist.id", type="uuid", descending=True),)),
        "name": Order((Sort(sql="playlist.folded_name", type="text"), Sort(sql="playlist.id", type="uuid"))),
    },
)
