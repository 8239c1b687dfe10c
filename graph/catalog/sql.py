"""The catalogue's hot reads: constant statements, so that every connection prepares each of them once.

A list of keys is one array parameter (`= ANY($1)`), never a list of placeholders. The statements that page inside
several parents take one row of arguments for each parent, so one statement answers a whole page of parents.

Not here: writes, which are simple and go through Piccolo (`graph.catalog.service`).
"""

from __future__ import annotations

ARTISTS = "SELECT id, owner_id, name, image_id FROM artists WHERE id = ANY($1::uuid[])"

ALBUMS = "SELECT id, artist_id, title, release_date, image_id FROM albums WHERE id = ANY($1::uuid[])"

# The media of the newest ready revision and the state of the newest one, whatever it is. The primary key of `assets`
# is (asset_id, revision), so both are one step from the end of an index range.
_TRACK_COLUMNS = """
    track.id, track.artist_id, track.album_id, artist.owner_id, track.asset_id, track.title, track.isrc,
    track.disc_number, track.track_number, track.explicit, track.withdrawn_at,
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

# $1 track ids, $2 the viewer's id or null, $3 whether the viewer is an admin.
TRACKS = f"""
SELECT {_TRACK_COLUMNS} FROM tracks AS track {_TRACK_JOINS}
WHERE track.id = ANY($1::uuid[]) AND (ready.revision IS NOT NULL OR artist.owner_id = $2::uuid OR $3::boolean)
"""  # noqa: S608 -- the parts are the constants above

# $1 artist ids, $2 keys to start after (null: the start), $3 rows to fetch; the three arrays run in parallel.
ALBUMS_OF_ARTISTS = """
SELECT wanted.ordinality, album.*
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) WITH ORDINALITY AS wanted (artist_id, after_id, row_limit)
CROSS JOIN LATERAL (
    SELECT id, artist_id, title, release_date, image_id FROM albums
    WHERE artist_id = wanted.artist_id AND (wanted.after_id IS NULL OR id > wanted.after_id)
    ORDER BY id LIMIT wanted.row_limit
) AS album
ORDER BY wanted.ordinality, album.id
"""

# As above, and $4 the viewer's id or null, $5 whether the viewer is an admin.
TRACKS_OF_ARTISTS = f"""
SELECT wanted.ordinality, track.*
FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) WITH ORDINALITY AS wanted (artist_id, after_id, row_limit)
CROSS JOIN LATERAL (
    SELECT {_TRACK_COLUMNS} FROM tracks AS track {_TRACK_JOINS}
    WHERE track.artist_id = wanted.artist_id AND (wanted.after_id IS NULL OR track.id > wanted.after_id)
        AND (ready.revision IS NOT NULL OR artist.owner_id = $4::uuid OR $5::boolean)
    ORDER BY track.id LIMIT wanted.row_limit
) AS track
ORDER BY wanted.ordinality, track.id
"""  # noqa: S608 -- the parts are the constants above

# $1 album ids, $2 discs, $3 numbers and $4 ids to start after, $5 rows to fetch, $6 viewer, $7 admin. A track without a
# number comes after the numbered ones of its disc: 2147483647 stands for it in the order and in the cursor.
TRACKS_OF_ALBUMS = f"""
SELECT wanted.ordinality, track.*
FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::uuid[], $5::integer[]) WITH ORDINALITY
    AS wanted (album_id, after_disc, after_number, after_id, row_limit)
CROSS JOIN LATERAL (
    SELECT {_TRACK_COLUMNS} FROM tracks AS track {_TRACK_JOINS}
    WHERE track.album_id = wanted.album_id
        AND (wanted.after_id IS NULL OR (track.disc_number, coalesce(track.track_number, 2147483647), track.id)
            > (wanted.after_disc, wanted.after_number, wanted.after_id))
        AND (ready.revision IS NOT NULL OR artist.owner_id = $6::uuid OR $7::boolean)
    ORDER BY track.disc_number, coalesce(track.track_number, 2147483647), track.id LIMIT wanted.row_limit
) AS track
ORDER BY wanted.ordinality, track.disc_number, coalesce(track.track_number, 2147483647), track.id
"""  # noqa: S608 -- the parts are the constants above
