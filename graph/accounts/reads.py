"""Accounts, as they are read: everybody sees that there is one, and what it is called."""

from __future__ import annotations

from graph.library.reads import VIEWER_FOLLOWS_USER
from graph.playlists.owned import PLAYLISTS_OF_USER
from graph.profiles.reads import ARTISTS_OF_USER
from graph.reads.declarations import Column, Entity, Many, One, Order, Sort
from graph.viewer import Role

OWN = "account.id = :viewer_id"

USER = Entity(
    type_name="User",
    table="users",
    alias="account",
    columns={
        "display_name": Column(sql="account.display_name"),
        "role": Column(sql="account.role", convert=Role),
        "email": Column(sql=f"CASE WHEN {OWN} THEN account.email END"),
        "market": Column(sql=f"CASE WHEN {OWN} THEN account.market END"),
        "listening_private": Column(sql=f"CASE WHEN {OWN} THEN account.listening_private END"),
        "viewer_is_following": VIEWER_FOLLOWS_USER,
        "own_key": Column(sql=f"CASE WHEN {OWN} THEN account.id END", own=True),
    },
    one={
        "library": One(entity="Library", column="own_key", part=True),
        "listening": One(entity="Listening", column="own_key", part=True),
    },
    many={
        "playlists": PLAYLISTS_OF_USER,
        "artists": ARTISTS_OF_USER,
        "following": Many(
            entity="User",
            parent="follow.follower_id",
            source="follows AS follow JOIN users AS account ON account.id = follow.followed_id",
            where="follow.follower_id = :viewer_id",
            orders={"user": Order((Sort(sql="follow.followed_id", type="uuid"),))},
        ),
    },
    computed={"upload": (), "track_by_fingerprint": (), "changes": ()},
)
