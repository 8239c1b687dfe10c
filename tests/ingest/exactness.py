"""What a published asset has to be true of, checked on its stored files by FFmpeg and by rules of the tests' own."""

import io
from typing import Any

import av
import numpy as np
import pytest

from origin import layout
from origin.asset import Asset

DRIFT_LU = {"opus": 1.0}
"""At 24 kbit/s Opus leaves out what is above 12 kHz; 0.76 LU were the most that it cost. Others stay within 0.5."""

CEILING_DBTP = -0.9
"""-1, and what an encoder overshoots by in its second attempt: 0.08 dB at most, for a tabla in Vorbis at 96 kbit/s."""

HIGHEST_DBTP = {"opus-24": 0.0}
"""It overshoots by up to 4 dB, and by another amount when it is encoded once more at a lower level."""


def decoded(data: bytes, **options: str) -> Any:
    """(samples, channels) by FFmpeg's own rules."""
    with av.open(io.BytesIO(data), options=options) as container:
        stream = container.streams.audio[0]
        if options:
            stream.codec_context.options = {"flags2": "skip_manual"}
        frames = [(frame.to_ndarray(), frame) for frame in container.decode(stream)]
    return np.concatenate(
        [samples.T if frame.format.is_planar else samples.reshape(frame.samples, -1) for samples, frame in frames]
    )


def left_justified(samples: Any) -> Any:
    """Integers in the upper bits of 32."""
    return samples.astype(np.int32) << (16 if samples.dtype == np.int16 else 0)


async def assert_lengths(queue: Any, asset: Asset, name: str) -> None:
    """Every stored file decodes to the promised samples, and those last as long as the master."""
    place, master = (asset.asset_id, asset.revision), asset.master
    for one in (*asset.renditions, *asset.progressive):
        assert one.sample_count == -(-master.sample_count * one.sample_rate_hz // master.sample_rate_hz), (
            name,
            one.name,
        )
    for rendition in asset.renditions:
        samples = decoded(await queue.store.read(layout.track_file_key(*place, rendition.name)), ignore_editlist="1")
        held = rendition.priming_samples + rendition.sample_count + rendition.padding_samples
        assert samples.shape == (held, rendition.channels), (name, rendition.name)
    for file in asset.progressive:
        samples = decoded(await queue.store.read(layout.progressive_key(*place, file.file_name)))
        # Of an .m4a FFmpeg gives out the padding of the last frame, which its edit list leaves out.
        heard = file.sample_count + (file.padding_samples if file.extension == "m4a" else 0)
        assert samples.shape == (heard, file.channels), (name, file.file_name)


async def assert_lossless(queue: Any, asset: Asset, master: Any) -> None:
    """Both files of the FLAC encoding hold the master, bit for bit; `master` is left-justified in 32 bits."""
    place = asset.asset_id, asset.revision
    for key in (layout.track_file_key(*place, "flac"), layout.progressive_key(*place, "flac.flac")):
        assert np.array_equal(left_justified(decoded(await queue.store.read(key))), master), key


def assert_loudness(asset: Asset, name: str) -> None:
    master = asset.master
    for one in (*asset.renditions, *asset.progressive):
        if one.codec.value == "flac":
            assert one.loudness == master.loudness, name
            continue
        assert one.channels == min(2, master.channels), (name, one.name)
        assert one.sample_rate_hz in (44_100, 48_000), (name, one.name)
        highest = one.loudness.true_peak_dbtp
        assert highest is not None
        assert highest <= HIGHEST_DBTP.get(one.name, CEILING_DBTP), (name, one.name)
        if master.channels <= 2 and master.loudness.integrated_lufs is not None:  # a downmix has one of its own
            wanted = master.loudness.integrated_lufs + one.gain_db
            drift = DRIFT_LU.get(one.codec.value, 0.5)
            assert one.loudness.integrated_lufs == pytest.approx(wanted, abs=drift), (name, one.name)
