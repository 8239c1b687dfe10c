"""Masters that no track can be made of, through the worker and its child processes: each has its code, at once.

What the header alone tells is in `test_worker`; of these some have to be decoded and measured before they are known.
"""

import struct
from typing import Any

import numpy as np
import pytest

from ingest.contract import FailureCode

LADDER = """
[[rung]]
name = "flac"
codec = "flac"
files = ["cmaf"]
"""


def with_a_hole(flac: bytes) -> bytes:
    middle = len(flac) // 2
    return flac[:middle] + bytes(3000) + flac[middle + 3000 :]


def of_five_hours(flac: bytes) -> bytes:
    """By its own STREAMINFO: the samples are the lower 36 bits of eight bytes."""
    (packed,) = struct.unpack_from(">Q", flac, 18)
    return flac[:18] + struct.pack(">Q", packed & ~((1 << 36) - 1) | 5 * 3600 * 44_100) + flac[26:]


def unusable(masters: Any) -> dict[FailureCode, bytes]:
    flac = masters.flac(masters.music(2.0, 44_100))
    m4a = masters.encoded(masters.tone(1.0, 44_100), 44_100, container="ipod", codec="aac")
    adpcm = struct.pack("<HHIIHH", 2, 2, 48_000, 48_000, 4, 4)
    return {
        FailureCode.UNSUPPORTED_CONTAINER: b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n",
        FailureCode.UNSUPPORTED_CODEC: masters.riff((b"fmt ", adpcm), (b"data", bytes(40_000))),
        FailureCode.PROTECTED: m4a.replace(b"mp4a", b"drms"),
        FailureCode.SEVERAL_STREAMS: m4a.replace(b"soun", b"vide"),
        FailureCode.CORRUPT: with_a_hole(flac),
        FailureCode.TOO_LONG: of_five_hours(flac),
        FailureCode.SILENT: masters.wav(np.zeros((48_000, 2))),
    }


@pytest.fixture
def small(queue: Any) -> None:
    queue.climb(LADDER)


@pytest.mark.usefixtures("small")
async def test_worker_refuses_them_once_and_goes_on(queue: Any, workers: Any, masters: Any) -> None:
    jobs = {code: await queue.add(master) for code, master in unusable(masters).items()}
    good = await queue.add(masters.wav(masters.music(1.0)))
    worker = workers.start()
    *refused, made = await queue.final(*jobs.values(), good)
    assert [(row["status"], row["failure_code"], row["attempts"]) for row in refused] == [
        ("failed", code.value, 1) for code in jobs
    ], workers.logs()
    assert (made["status"], made["failure_code"]) == ("ready", None), workers.logs()
    await queue.drained()
    assert worker.poll() is None
    assert {key.split("/")[1] for key in await queue.store.keys("")} == {str(good.asset_id)}
