"""Masters that hardly anybody has, through the real worker: the shortest ones, every rate, every number of speakers.

All of them in one run of the whole ladder. They are a tenth of a second long, or a little more, so that what is odd
about a beginning and an end is all that they have.
"""

import struct
from typing import Any

import numpy as np
import pytest

from origin import asset as assets
from origin import layout
from tests.ingest.exactness import assert_lengths, assert_lossless, assert_loudness, left_justified

PCM = bytes.fromhex("0100000000001000800000aa00389b71")
"""The subformat of WAVEFORMATEXTENSIBLE: plain integers."""

A_SECOND_HAS = 10
"""Of the shortest masters that are taken."""


class Odd:
    """A master, and what becomes of it: `whole` is left-justified in 32 bits."""

    def __init__(self, data: bytes, whole: Any, form: tuple[int, int, int]) -> None:
        self.data = data
        self.whole = whole
        self.form = form


@pytest.fixture(scope="module")
def odd_masters(masters: Any) -> dict[str, Odd]:
    found = {}
    for rate, channels in ((8_000, 1), (8_000, 2), (11_025, 1), (88_200, 2), (192_000, 1), (384_000, 2)):
        frames = masters.music(1.0, rate, channels=channels)[: -(-rate // A_SECOND_HAS)]
        found[f"{rate} Hz, {channels} channels"] = plain(masters, frames, rate, bits=16)
    for channels, mask, name in ((3, 0xB, "2.1"), (4, 0x107, "4.0"), (6, 0x60F, "5.1"), (7, 0x70F, "6.1")):
        found[f"{name} with a mask"] = extensible(masters.music(0.2, channels=channels), 48_000, mask=mask)
    found["7.1 with a mask"] = extensible(masters.music(0.2, channels=8), 48_000, mask=0x63F)
    found["7.1 without a mask, 32 bits"] = plain(masters, masters.music(0.2, channels=8), 48_000, bits=32)
    found["7.1 of floats"] = floats(masters, masters.music(0.2, channels=8), 48_000)
    found["mono of floats"] = floats(masters, masters.music(0.2, channels=1), 44_100)
    return found


def plain(masters: Any, frames: Any, rate: int, *, bits: int) -> Odd:
    data = masters.sndfile(frames, rate, container="WAV", subtype=f"PCM_{bits}")
    return Odd(data, masters.samples(data), (rate, frames.shape[1], bits))


def floats(masters: Any, frames: Any, rate: int) -> Odd:
    """Rounded to 24 bits when it is stored."""
    data = masters.sndfile(frames, rate, container="WAV", subtype="FLOAT")
    whole = np.rint(frames.astype(np.float32).astype(np.float64) * 2.0**23).astype(np.int32) << 8
    return Odd(data, whole, (rate, frames.shape[1], 24))


def extensible(frames: Any, rate: int, *, mask: int) -> Odd:
    """A WAV file of 24 bits that says which speaker each channel feeds."""
    channels = frames.shape[1]
    whole = np.rint(frames * (2**23 - 1)).astype("<i4")
    packed = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    frame_bytes = 3 * channels
    head = struct.pack("<HHIIHHHHI", 0xFFFE, channels, rate, rate * frame_bytes, frame_bytes, 24, 22, 24, mask)
    body = b"WAVEfmt " + struct.pack("<I", len(head + PCM)) + head + PCM + b"data" + struct.pack("<I", len(packed))
    data = b"RIFF" + struct.pack("<I", len(body + packed)) + body + packed
    return Odd(data, left_justified(whole) << 8, (rate, channels, 24))


async def test_odd_masters_become_ready_and_exact(queue: Any, workers: Any, odd_masters: dict[str, Odd]) -> None:
    jobs = {name: await queue.add(odd.data, file_name="master.wav") for name, odd in odd_masters.items()}
    workers.start(SEGUE_INGEST_CONCURRENCY="2", SEGUE_INGEST_HEARTBEAT_TIMEOUT_S="60")
    rows = dict(zip(jobs, await queue.final(*jobs.values(), limit_s=1800), strict=True))
    assert {name: row["failure_code"] for name, row in rows.items()} == dict.fromkeys(jobs), workers.logs()
    assert [row["attempts"] for row in rows.values()] == [1] * len(jobs)
    for name, odd in odd_masters.items():
        asset = assets.decode(await queue.store.read(layout.descriptor_key(jobs[name].asset_id, 1)))
        master = asset.master
        assert (master.sample_rate_hz, master.channels, master.bits_per_sample) == odd.form, name
        await assert_lossless(queue, asset, odd.whole)
        await assert_lengths(queue, asset, name)
        assert_loudness(asset, name)
