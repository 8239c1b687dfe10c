"""Loudness and quality in GraphQL."""

from __future__ import annotations

from typing import ClassVar

import msgspec
import strawberry

from graph import enums
from graph.mastering.reads import ALBUM_LOUDNESS, TRACK_LOUDNESS
from graph.reads.declarations import Entity
from ingest import contract
from ingest.contract import QualityCode

enums.publish(
    QualityCode,
    name="QualityCode",
    description="What quality control may find in a master that is accepted all the same; stable, for programs.",
    values={
        QualityCode.CLIPPED: "Samples in a row are at full scale.",
        QualityCode.OVER_FULL_SCALE: "It goes beyond full scale, where the lossless rendition ends.",
        QualityCode.DC_OFFSET: "The waveform is not centred.",
        QualityCode.LEADING_SILENCE: "It begins with digital silence.",
        QualityCode.TRAILING_SILENCE: "It ends with digital silence.",
        QualityCode.DEAD_CHANNEL: "A channel holds nothing.",
        QualityCode.IDENTICAL_CHANNELS: "The channels are the same: the master is mono.",
        QualityCode.OUT_OF_PHASE: "The channels cancel each other out.",
        QualityCode.LOSSY_SOURCE: "It looks as if it had been compressed with losses before.",
        QualityCode.MD5_MISMATCH: "The checksum inside the file is not that of its audio.",
        QualityCode.BIT_DEPTH_REDUCED: "The stored master keeps fewer bits than the file had.",
        QualityCode.UNREADABLE_ARTWORK: "The picture inside the file cannot be used.",
    },
)


@strawberry.type(description="One thing that quality control found in a master; it is played all the same.")
class QualityWarning:
    code: QualityCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="One sentence for people, with figures.")


@strawberry.type(description="The loudness of an album's tracks together, as if they were one programme.")
class AlbumLoudness:
    entity: ClassVar[Entity] = ALBUM_LOUDNESS
    integrated_lufs: float | None = strawberry.field(
        description="Integrated loudness in LUFS, gated over all tracks (ITU-R BS.1770); null until measured."
    )
    loudness_range_lu: float | None = strawberry.field(description="Loudness range in LU (EBU Tech 3342).")
    max_momentary_lufs: float | None = strawberry.field(description="The loudest 400 ms of a track, in LUFS.")
    max_short_term_lufs: float | None = strawberry.field(description="The loudest 3 s of a track, in LUFS.")
    sample_peak_dbfs: float | None = strawberry.field(description="The highest sample of a track, in dBFS.")
    true_peak_dbtp: float | None = strawberry.field(description="The highest true peak of a track, in dBTP.")
    gain_db: float | None = strawberry.field(
        description="The one gain that would bring the album as a whole to the target, in dB."
    )


@strawberry.type(description="The loudness of a track's master, and what its lossy renditions carry of it.")
class TrackLoudness:
    entity: ClassVar[Entity] = TRACK_LOUDNESS
    integrated_lufs: float | None = strawberry.field(
        description="Integrated loudness in LUFS (ITU-R BS.1770), mono as it is heard on two speakers."
    )
    mono_integrated_lufs: float | None = strawberry.field(
        description="The same of a mono signal alone, as the standard sums one channel; null for other signals."
    )
    loudness_range_lu: float | None = strawberry.field(
        description="Loudness range in LU (EBU Tech 3342); not stable for less than a minute of audio."
    )
    max_momentary_lufs: float | None = strawberry.field(description="The loudest 400 ms, in LUFS.")
    max_short_term_lufs: float | None = strawberry.field(description="The loudest 3 s, in LUFS.")
    sample_peak_dbfs: float | None = strawberry.field(description="The highest sample, in dBFS.")
    true_peak_dbtp: float | None = strawberry.field(description="The true peak in dBTP; it may exceed 0.")
    gain_db: float | None = strawberry.field(
        description="The constant gain that the lossy renditions carry; subtract it to hear the master's level. A"
        " rendition whose own peaks came out above -1 dBTP carries a little less."
    )
    album_offset_db: float | None = strawberry.field(
        description="What a player adds to the lossy renditions, in dB, when it plays the album as a whole: its tracks"
        " keep their balance then. Null without an album, and until that is measured."
    )


def warnings_of(text: str) -> list[QualityWarning]:
    """What the column of an asset holds."""
    found = msgspec.json.decode(text, type=tuple[contract.QualityWarning, ...])
    return [QualityWarning(code=one.code, message=one.detail) for one in found]
