"""The catalogue's rows as writers and playback read them, by constant statements that a connection prepares once.

A list of keys is one array parameter (`= ANY($1)`), never a list of placeholders. Writers read what there is, and
decide by whose it is; playback reads what its listener may know of.

Not here: what the API shows (`graph.catalog.reads`), who may see what (`graph.catalog.visibility`).
"""

from __future__ import annotations

from graph.catalog import visibility

ARTISTS = "SELECT id, owner_id, name, image_id FROM artists WHERE id = ANY($1::uuid[])"

_ALBUM_COLUMNS = """
    album.id, album.artist_id, album.title, album.release_date, album.image_id, album.type, album.state, album.live_at,
    album.musicbrainz_release_id
"""

ALBUMS = f"SELECT {_ALBUM_COLUMNS} FROM albums AS album WHERE album.id = ANY($1::uuid[])"  # noqa: S608 -- a constant

# The media of the newest ready revision and the state of the newest one, whatever it is. The primary key of `assets`
# is (asset_id, revision), so both are one step from the end of an index range.
_TRACK_COLUMNS = """
    track.id, track.artist_id, track.album_id, artist.owner_id, track.asset_id, track.title, track.isrc,
    track.disc_number, track.track_number, track.explicit, track.withdrawn_at, track.markets,
    coalesce(cover.state = 'withdrawn', false) AS release_withdrawn,
    track.musicbrainz_recording_id,
    coalesce(track.image_id, cover.image_id) AS image_id,
    ready.revision AS ready_revision, ready.duration_ms, ready.integrated_lufs, ready.true_peak_dbtp,
    newest.revision AS newest_revision, newest.status, newest.stage, newest.fraction, newest.failure_code
"""

_TRACK_JOINS = """
    JOIN artists AS artist ON artist.id = track.artist_id
    LEFT JOIN albums AS cover ON cover.id = track.album_id
    LEFT JOIN LATERAL (
        SELECT revision, duration_ms, integrated_lufs, true_peak_dbtp FROM assets
        WHERE asset_id = track.asset_id AND status = 'ready' ORDER BY revision DESC LIMIT 1
    ) AS ready ON true
    LEFT JOIN LATERAL (
        SELECT revision, status, stage, fraction, failure_code FROM assets
        WHERE asset_id = track.asset_id ORDER BY revision DESC LIMIT 1
    ) AS newest ON true
"""

TRACKS = f"""
SELECT {_TRACK_COLUMNS} FROM tracks AS track {_TRACK_JOINS} WHERE track.id = ANY($1::uuid[])
"""  # noqa: S608 -- the parts are the constants above

_RELEASED = visibility.bound(
    visibility.RELEASED_TRACK, viewer_id="$2::uuid", is_admin="$3::boolean", now="$4::timestamptz"
)
# $1 track ids, $2 the viewer's, $3 whether it is an admin, $4 the time. Licences are not asked for: a playback asks for
# them itself, so that it can say what is missing.
RELEASED_TRACKS = f"""
SELECT {_TRACK_COLUMNS} FROM tracks AS track {_TRACK_JOINS} WHERE track.id = ANY($1::uuid[]) AND {_RELEASED}
"""  # noqa: S608 -- the parts are the constants above

_SEEN = visibility.bound(
    visibility.TRACK, viewer_id="$3::uuid", is_admin="$4::boolean", now="$5::timestamptz", market="$6::text"
)
# $1 an album's id, $2 how many of its first tracks, $3 the viewer's id, $4 whether it is an admin, $5 the time, $6 the
# market or null. A track without a number comes after the numbered ones of its disc, as in `graph.catalog.reads`.
TRACKS_OF_ALBUM = f"""
SELECT {_TRACK_COLUMNS} FROM tracks AS track {_TRACK_JOINS}
WHERE track.album_id = $1::uuid AND {_SEEN}
ORDER BY track.disc_number, coalesce(track.track_number, 2147483647), track.id LIMIT $2
"""  # noqa: S608 -- the parts are the constants above
