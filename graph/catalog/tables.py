"""The tables of the catalogue, as Piccolo sees them; the migrations are the truth, and a test compares the two."""

from __future__ import annotations

from piccolo.columns import UUID, Array, Boolean, Date, ForeignKey, Integer, Real, Text, Timestamptz
from piccolo.table import Table

from graph.accounts.tables import UserTable


class ArtistTable(Table, tablename="artists"):
    """One artist, owned by the account that made it."""

    id = UUID(primary_key=True, default=None)
    owner_id = ForeignKey(UserTable, null=False)
    name = Text()
    search_text = Text()
    image_id = UUID(null=True, default=None)
    created_at = Timestamptz()


class AlbumTable(Table, tablename="albums"):
    """One album of an artist."""

    id = UUID(primary_key=True, default=None)
    artist_id = ForeignKey(ArtistTable, null=False)
    title = Text()
    release_date = Date(null=True, default=None)
    type = Text(default="album")
    state = Text(default="live")
    live_at = Timestamptz(null=True, default=None)
    musicbrainz_release_id = UUID(null=True, default=None)
    search_text = Text()
    image_id = UUID(null=True, default=None)
    created_at = Timestamptz()
    integrated_lufs = Real(null=True, default=None)
    loudness_range_lu = Real(null=True, default=None)
    true_peak_dbtp = Real(null=True, default=None)
    gain_db = Real(null=True, default=None)


class TrackTable(Table, tablename="tracks"):
    """One track; its media are the rows of `assets` with its `asset_id`."""

    id = UUID(primary_key=True, default=None)
    artist_id = ForeignKey(ArtistTable, null=False)
    album_id = ForeignKey(AlbumTable, null=True)
    title = Text()
    isrc = Text(null=True, default=None)
    disc_number = Integer(default=1)
    track_number = Integer(null=True, default=None)
    explicit = Boolean(default=False)
    search_text = Text()
    image_id = UUID(null=True, default=None)
    asset_id = UUID(unique=True, default=None)
    withdrawn_at = Timestamptz(null=True, default=None)
    markets = Array(Text(), null=True, default=None)
    musicbrainz_recording_id = UUID(null=True, default=None)
    created_at = Timestamptz()


TABLES = (ArtistTable, AlbumTable, TrackTable)
