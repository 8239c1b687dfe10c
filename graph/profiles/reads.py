"""The artists of an account, as they are read: by the account itself."""

from __future__ import annotations

from graph.reads.declarations import Many, Order, Sort

ARTISTS_OF_USER = Many(
    entity="Artist",
    parent="artist.owner_id",
    where="artist.owner_id = :viewer_id",
    orders={"added": Order((Sort(sql="artist.id", type="uuid"),))},
)
