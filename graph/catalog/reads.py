"""The catalogue, as it is read: artists, albums, tracks, and how far a track's newest master is.

Who may see what is in `graph.catalog.visibility`.
"""

from __future__ import annotations

from graph.catalog import visibility
from graph.catalog.credits import CreditRole
from graph.catalog.releases import ReleaseState, ReleaseType
from graph.failures import IngestFailure
from graph.images.reads import ARTWORK
from graph.library.reads import VIEWER_FOLLOWS_ARTIST, VIEWER_HAS_LIKED, VIEWER_HAS_SAVED
from graph.listening.reads import POPULAR_TRACKS
from graph.mastering.types import warnings_of
from graph.profiles.types import links_of
from graph.proposals.tags import lines_of
from graph.reads.declarations import Column, Entity, Many, One, Order, Sort
from ingest.contract import FailureCode, Stage, Status

IMAGE = One(entity="Image", column="image_id", where=ARTWORK)

# As whoever named them ordered them; there are 10 at most.
BY_POSITION = Order((Sort(sql="tagged.position", type="integer"), Sort(sql="tagged.genre_id", type="uuid")))

# Stands for a missing track number: such tracks come last on their disc.
NUMBER = "coalesce(track.track_number, 2147483647)"

RELEASED_ON = "coalesce(album.release_date, '-infinity')"
"""An album whose date is not known counts as the oldest."""

READY = """LEFT JOIN LATERAL (
        SELECT asset.duration_ms, asset.integrated_lufs, asset.true_peak_dbtp, asset.warnings, asset.waveform
        FROM assets AS asset
        WHERE asset.asset_id = track.asset_id AND asset.status = 'ready' ORDER BY asset.revision DESC LIMIT 1
    ) AS ready ON true"""

ARTIST = Entity(
    type_name="Artist",
    table="artists",
    alias="artist",
    columns={
        "name": Column(sql="artist.name"),
        "biography": Column(sql="profile.biography", joins=("profile",)),
        "links": Column(sql="coalesce(profile.links, '[]')", joins=("profile",), convert=links_of),
        "viewer_is_following": VIEWER_FOLLOWS_ARTIST,
    },
    one={"image": IMAGE},
    many={
        "albums": Many(
            entity="Album",
            parent="album.artist_id",
            orders={
                "added": Order((Sort(sql="album.id", type="uuid"),)),
                "newest": Order(
                    (
                        Sort(sql=RELEASED_ON, type="date", descending=True),
                        Sort(sql="album.id", type="uuid", descending=True),
                    )
                ),
            },
            filters={"type_": "album.type = :value"},
        ),
        "tracks": Many(
            entity="Track",
            parent="track.artist_id",
            orders={"added": Order((Sort(sql="track.id", type="uuid"),))},
        ),
        "popular_tracks": POPULAR_TRACKS,
    },
    joins={"profile": "LEFT JOIN artist_profiles AS profile ON profile.artist_id = artist.id"},
)

ALBUM = Entity(
    type_name="Album",
    table="albums",
    alias="album",
    columns={
        "title": Column(sql="album.title"),
        "release_date": Column(sql="album.release_date"),
        "type": Column(sql="album.type", convert=ReleaseType),
        "state": Column(sql=f"CASE WHEN {visibility.RELEASED} THEN 'live' ELSE album.state END", convert=ReleaseState),
        "live_at": Column(sql="album.live_at"),
        "musicbrainz_release_id": Column(sql="album.musicbrainz_release_id"),
        "viewer_has_saved": VIEWER_HAS_SAVED,
    },
    one={
        "artist": One(entity="Artist", column="artist_id"),
        "image": IMAGE,
        "loudness": One(entity="AlbumLoudness", column="id"),
    },
    many={
        "tracks": Many(
            entity="Track",
            parent="track.album_id",
            orders={
                "number": Order(
                    (
                        Sort(sql="track.disc_number", type="integer"),
                        Sort(sql=NUMBER, type="integer"),
                        Sort(sql="track.id", type="uuid"),
                    )
                )
            },
        ),
        "genres": Many(
            entity="Genre",
            parent="tagged.album_id",
            source="album_genres AS tagged JOIN genres AS genre ON genre.id = tagged.genre_id",
            orders={"position": BY_POSITION},
        ),
    },
    visible=visibility.ALBUM,
)

TRACK = Entity(
    type_name="Track",
    table="tracks",
    alias="track",
    columns={
        "title": Column(sql="track.title"),
        "isrc": Column(sql="track.isrc"),
        "disc_number": Column(sql="track.disc_number"),
        "track_number": Column(sql="track.track_number"),
        "explicit": Column(sql="track.explicit"),
        "withdrawn_at": Column(sql="track.withdrawn_at"),
        "duration_ms": Column(sql="ready.duration_ms", joins=("ready",)),
        "integrated_lufs": Column(sql="ready.integrated_lufs", joins=("ready",)),
        "true_peak_dbtp": Column(sql="ready.true_peak_dbtp", joins=("ready",)),
        "quality_warnings": Column(
            sql=f"CASE WHEN {visibility.MANAGED} THEN ready.warnings END", joins=("ready",), convert=warnings_of
        ),
        "image_id": Column(sql="coalesce(track.image_id, cover.image_id)", joins=("cover",)),
        "musicbrainz_recording_id": Column(sql="track.musicbrainz_recording_id"),
        "lyrics": Column(sql="lyrics.plain", joins=("lyrics",)),
        "synced_lyrics": Column(sql="coalesce(lyrics.synced, '[]')", joins=("lyrics",), convert=lines_of),
        "waveform": Column(sql="ready.waveform", joins=("ready",), convert=list),
        "viewer_has_liked": VIEWER_HAS_LIKED,
    },
    one={
        "artist": One(entity="Artist", column="artist_id"),
        "album": One(entity="Album", column="album_id"),
        "image": IMAGE,
        "ingest": One(entity="IngestState", column="asset_id"),
        "loudness": One(entity="TrackLoudness", column="asset_id"),
        "proposal": One(entity="Proposal", column="asset_id"),
    },
    many={
        "genres": Many(
            entity="Genre",
            parent="tagged.track_id",
            source="track_genres AS tagged JOIN genres AS genre ON genre.id = tagged.genre_id",
            orders={"position": BY_POSITION},
        ),
        "credits": Many(
            entity="Credit",
            parent="credit.track_id",
            orders={"position": Order((Sort(sql="credit.position", type="integer"),))},
            filters={"role": "credit.role = :value"},
        ),
        "licences": Many(
            entity="Licence",
            parent="licence.track_id",
            orders={"added": Order((Sort(sql="licence.id", type="uuid"),))},
        ),
    },
    joins={
        "ready": READY,
        "cover": "LEFT JOIN albums AS cover ON cover.id = track.album_id",
        "lyrics": "LEFT JOIN track_lyrics AS lyrics ON lyrics.track_id = track.id",
    },
    visible=visibility.TRACK,
)

CREDIT = Entity(
    type_name="Credit",
    table="track_credits",
    alias="credit",
    columns={"role": Column(sql="credit.role", convert=CreditRole), "name": Column(sql="credit.name")},
    one={"artist": One(entity="Artist", column="artist_id")},
)

INGEST_STATE = Entity(
    type_name="IngestState",
    table="assets",
    alias="newest",
    key="asset_id",
    columns={
        "status": Column(sql="newest.status", convert=Status),
        "stage": Column(sql="newest.stage", convert=Stage),
        "fraction": Column(sql="newest.fraction"),
        "failure": Column(sql="newest.failure_code", convert=lambda code: IngestFailure.of(FailureCode(code))),
        "quarantined": Column(
            sql="newest.status = 'failed' AND EXISTS (SELECT FROM quarantined_jobs AS kept"
            " WHERE kept.asset_id = newest.asset_id AND kept.revision = newest.revision)"
        ),
    },
    visible="""NOT EXISTS (
        SELECT FROM assets AS newer WHERE newer.asset_id = newest.asset_id AND newer.revision > newest.revision
    ) AND (:is_admin OR EXISTS (
        SELECT FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
        WHERE track.asset_id = newest.asset_id AND artist.owner_id = :viewer_id
    ))""",
)
