"""Genres, as they are read."""

from __future__ import annotations

from graph.reads.declarations import Column, Entity, Many, Order, Sort

GENRE = Entity(
    type_name="Genre",
    table="genres",
    alias="genre",
    columns={"name": Column(sql="genre.name")},
    many={
        "albums": Many(
            entity="Album",
            parent="tagged.genre_id",
            source="album_genres AS tagged JOIN albums AS album ON album.id = tagged.album_id",
            orders={"newest": Order((Sort(sql="tagged.album_id", type="uuid", descending=True),))},
        ),
        "tracks": Many(
            entity="Track",
            parent="tagged.genre_id",
            source="track_genres AS tagged JOIN tracks AS track ON track.id = tagged.track_id",
            orders={"newest": Order((Sort(sql="tagged.track_id", type="uuid", descending=True),))},
        ),
    },
)

GENRES = Many(
    entity="Genre",
    parent=None,
    orders={"name": Order((Sort(sql="genre.slug", type="text"),))},
)
