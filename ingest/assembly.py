"""Assembling the descriptor: what was measured and written, as the records that the origin reads. Pure."""

from __future__ import annotations

import msgspec

from ingest.cmaf.track_file import CODEC_STRINGS
from ingest.contract import Job
from ingest.ladder import Rung
from ingest.loudness.meter import Reading
from ingest.pcm import PcmInfo
from ingest.tasks import Measured, Rendered
from origin.asset import Asset, Loudness, Master, Rendition


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A rendition that may be published."""

    rung: Rung
    info: PcmInfo
    rendered: Rendered
    reading: Reading
    gain_db: float
    path: str


def assemble(job: Job, info: PcmInfo, measured: Measured, renditions: list[Verified]) -> Asset:
    """The descriptor of a revision. Raises origin.asset.InvalidDescriptor when the figures do not add up."""
    return Asset(
        asset_id=job.asset_id,
        revision=job.revision,
        title=job.title,
        master=Master(
            sample_rate_hz=info.sample_rate_hz,
            channels=info.channels,
            bits_per_sample=info.stored_bits,
            sample_count=info.sample_count,
            loudness=_loudness(measured.master),
            pcm_sha256=measured.pcm_sha256,
        ),
        renditions=tuple(_rendition(one) for one in renditions),
    )


def _rendition(one: Verified) -> Rendition:
    rendered = one.rendered
    nominal = one.rung.bandwidth_bps(one.info.channels)
    return Rendition(
        name=one.rung.name,
        codec=one.rung.codec,
        codec_string=CODEC_STRINGS[one.rung.codec],
        sample_rate_hz=one.info.sample_rate_hz,
        channels=one.info.channels,
        nominal_bandwidth_bps=rendered.average_bandwidth_bps if nominal is None else nominal,
        average_bandwidth_bps=rendered.average_bandwidth_bps,
        peak_bandwidth_bps=rendered.peak_bandwidth_bps,
        priming_samples=rendered.priming_samples,
        padding_samples=rendered.padding_samples,
        sample_count=rendered.sample_count,
        header_byte_length=rendered.header_byte_length,
        segments=rendered.segments,
        sha256=rendered.sha256,
        gain_db=one.gain_db,
        loudness=_loudness(one.reading),
    )


def _loudness(reading: Reading) -> Loudness:
    return Loudness(integrated_lufs=reading.integrated_lufs, true_peak_dbtp=reading.true_peak_dbtp)
