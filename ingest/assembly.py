"""Assembling the descriptor: what was measured and written, as the record that the origin reads. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.contract import Job
from ingest.pcm import PcmInfo
from ingest.renditions.finished import Finished
from ingest.tasks import Measured
from origin.asset import Asset, Master


def assemble(job: Job, info: PcmInfo, measured: Measured, rungs: Sequence[Finished]) -> Asset:
    """The descriptor of a revision. Raises origin.asset.InvalidDescriptor when the figures do not add up."""
    return Asset(
        asset_id=job.asset_id,
        revision=job.revision,
        title=job.title,
        artist_id=job.artist_id,
        album_id=job.album_id,
        master=Master(
            sample_rate_hz=info.sample_rate_hz,
            channels=info.channels,
            bits_per_sample=info.stored_bits,
            sample_count=info.sample_count,
            loudness=measured.master,
            pcm_sha256=measured.pcm_sha256,
        ),
        renditions=tuple(rung.rendition for rung in rungs if rung.rendition),
        progressive=tuple(rung.progressive for rung in rungs if rung.progressive),
    )
