"""Licences, as they are read: by whoever manages the track."""

from __future__ import annotations

from graph.reads.declarations import Column, Entity

LICENCE = Entity(
    type_name="Licence",
    table="licences",
    alias="licence",
    columns={
        "market": Column(sql="nullif(licence.market, '*')"),
        "starts_at": Column(sql="nullif(licence.starts_at, '-infinity')"),
        "ends_at": Column(sql="nullif(licence.ends_at, 'infinity')"),
    },
    visible=""":is_admin OR (
        SELECT true FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
        WHERE track.id = licence.track_id AND artist.owner_id = :viewer_id LIMIT 1
    )""",
)
