"""The figures of a master and of an album as the rows hold them. Pure."""

from __future__ import annotations

from uuid import UUID

import msgspec

from graph.rows import Row
from ingest.contract import QualityWarning

Revision = tuple[UUID, int]
"""An asset and the number of its revision."""


class Loudness(msgspec.Struct, frozen=True, kw_only=True):
    """Of one master (ITU-R BS.1770-5, EBU Tech 3341 and 3342); None where there is nothing to gate, or to measure."""

    integrated_lufs: float | None
    mono_integrated_lufs: float | None
    loudness_range_lu: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None
    sample_peak_dbfs: float | None
    true_peak_dbtp: float | None
    gain_db: float | None


class Mastered(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one master."""

    loudness: Loudness
    warnings: tuple[QualityWarning, ...]


class AlbumLoudness(msgspec.Struct, frozen=True, kw_only=True):
    """Of an album's tracks together, as if they were one programme."""

    integrated_lufs: float | None
    loudness_range_lu: float | None
    max_momentary_lufs: float | None
    max_short_term_lufs: float | None
    sample_peak_dbfs: float | None
    true_peak_dbtp: float | None
    gain_db: float | None


def mastered_of(row: Row) -> Mastered:
    return Mastered(
        loudness=Loudness(**{name: row[name] for name in Loudness.__struct_fields__}),
        warnings=msgspec.json.decode(row["warnings"], type=tuple[QualityWarning, ...]),
    )


def album_loudness_of(row: Row) -> AlbumLoudness:
    return AlbumLoudness(**{name: row[name] for name in AlbumLoudness.__struct_fields__})


def album_offset_db(track_gain_db: float | None, album_gain_db: float | None) -> float | None:
    """What a player adds to a track's lossy renditions so that the tracks of an album keep their balance.

    Each track was brought to the target by a gain of its own; the album as a whole would have been by one.
    """
    if track_gain_db is None or album_gain_db is None:
        return None
    return album_gain_db - track_gain_db
