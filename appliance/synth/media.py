"""What makes a track visible: an upload that was completed, and media that are ready.

Pure. Nothing is stored: the rows say ready, and pressing play answers that there is nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import numpy as np

from appliance.synth.catalogue import Tracks
from appliance.synth.draws import generator, keys
from appliance.synth.sizes import Order
from appliance.synth.table import Table

MEDIAN_DURATION_MS = 210_000
TARGET_LUFS = -14.0
NO_FILE_SHA256 = hashlib.sha256(b"").digest()


def media_tables(order: Order, tracks: Tracks, owner: UUID) -> Iterator[Table]:
    """The uploads that the media came from, and one revision of media for each track."""
    rng = generator(order.seed, "media")
    uploads = keys(rng, tracks.created_ms)
    duration = rng.lognormal(mean=np.log(MEDIAN_DURATION_MS), sigma=0.3, size=len(uploads)).astype(int).tolist()
    loudness = rng.normal(-10, 2, size=len(uploads)).tolist()
    yield Table(
        name="uploads",
        columns="id user_id track_id object_key file_name content_type size_bytes sha256 created_at expires_at"
        " completed_at",
        rows=(
            (key, owner, track, f"uploads/{key}", "synth.flac", "audio/flac", 0, NO_FILE_SHA256, at, at, at)
            for key, track, at in zip(uploads, tracks.keys, tracks.created, strict=True)
        ),
    )
    minute = timedelta(minutes=1)
    yield Table(
        name="assets",
        columns="asset_id revision upload_id status stage fraction duration_ms sample_rate_hz channels"
        " integrated_lufs true_peak_dbtp gain_db queued_at finished_at",
        rows=(
            (asset, 1, key, "ready", "done", 1.0, ms, 44_100, 2, lufs, -1.0, TARGET_LUFS - lufs, at, at + minute)
            for asset, key, ms, lufs, at in zip(tracks.assets, uploads, duration, loudness, tracks.created, strict=True)
        ),
    )
