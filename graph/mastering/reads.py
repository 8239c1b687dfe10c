"""Loudness and quality of masters, as they are read: of the newest revision that is ready."""

from __future__ import annotations

from collections.abc import Iterable

from graph.reads.declarations import Column, Entity

HIGHEST = """CROSS JOIN LATERAL (
    SELECT max(newest.max_momentary_lufs) AS max_momentary_lufs, max(newest.max_short_term_lufs) AS max_short_term_lufs,
           max(newest.sample_peak_dbfs) AS sample_peak_dbfs
    FROM (
        SELECT DISTINCT ON (asset.asset_id)
               asset.max_momentary_lufs, asset.max_short_term_lufs, asset.sample_peak_dbfs
        FROM tracks AS track JOIN assets AS asset ON asset.asset_id = track.asset_id AND asset.status = 'ready'
        WHERE track.album_id = album.id
        ORDER BY asset.asset_id, asset.revision DESC
    ) AS newest
) AS highest"""


def _figures(alias: str, names: Iterable[str], *joins: str) -> dict[str, Column]:
    return {name: Column(sql=f"{alias}.{name}", joins=joins) for name in names}


TRACK_LOUDNESS = Entity(
    type_name="TrackLoudness",
    table="assets",
    alias="master",
    key="asset_id",
    columns={
        **_figures(
            "master",
            (
                "integrated_lufs",
                "mono_integrated_lufs",
                "loudness_range_lu",
                "max_momentary_lufs",
                "max_short_term_lufs",
                "sample_peak_dbfs",
                "true_peak_dbtp",
                "gain_db",
            ),
        ),
        # Each track was brought to the target by a gain of its own; the album as a whole would have been by one.
        "album_offset_db": Column(sql="album.gain_db::float8 - master.gain_db", joins=("album",)),
    },
    joins={
        "album": "JOIN tracks AS track ON track.asset_id = master.asset_id"
        " LEFT JOIN albums AS album ON album.id = track.album_id"
    },
    visible="""master.status = 'ready' AND NOT EXISTS (
        SELECT FROM assets AS newer
        WHERE newer.asset_id = master.asset_id AND newer.status = 'ready' AND newer.revision > master.revision
    )""",
)

ALBUM_LOUDNESS = Entity(
    type_name="AlbumLoudness",
    table="albums",
    alias="album",
    columns={
        **_figures("album", ("integrated_lufs", "loudness_range_lu", "true_peak_dbtp", "gain_db")),
        # What is highest of an album is highest of one of its tracks, so it is not kept; the rest has to be gated.
        **_figures("highest", ("max_momentary_lufs", "max_short_term_lufs", "sample_peak_dbfs"), "highest"),
    },
    joins={"highest": HIGHEST},
)
