"""Two halves of one recording, encoded apart and played one after the other: nothing is heard where they meet.

Each half is decoded as a player does it: a whole file by its own marks, a track file by the priming and padding of the
descriptor. Together they have to be as long as the whole, follow it closely around the seam, keep its level, and have
no run of zeros, which is what a gap is.
"""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from ingest.progressive import read
from ingest.renditions.ladder import File, Rung
from origin.asset import Codec
from tests.recordings import MUSIC, needs_music

REACH = 2_000
"""Samples on each side of the seam that are looked at: two frames of AAC, in which its halves overlap."""
NEAR = 1_000
"""Samples on each side whose level is compared: 23 ms, two periods of the lowest notes that are played here."""
MAX_ZERO_RUN = 32
MAX_LEVEL_STEP_DB = 0.5


def _rung(codec: Codec, kbps: int | None, *files: File) -> Rung:
    return Rung(name=codec.value, codec=codec, stereo_bandwidth_bps=None if kbps is None else kbps * 1000, files=files)


# By what is encoded and which of its files is played: the rate, and how many dB the error around the seam has to be
# below the signal. A half that begins or ends in the middle of a tone costs an encoder more than the middle of it does:
# measured were at least 27 dB for AAC, 43 for MP3, 34 for Vorbis, 24 for Opus; FLAC has none.
CASES = {
    "AAC in a track file": (_rung(Codec.AAC, 320, File.CMAF, File.M4A), File.CMAF, 44_100, 24),
    "AAC in an .m4a": (_rung(Codec.AAC, 320, File.CMAF, File.M4A), File.M4A, 44_100, 24),
    "MP3": (_rung(Codec.MP3, 320, File.MP3), File.MP3, 44_100, 38),
    "Vorbis": (_rung(Codec.VORBIS, 320, File.OGG), File.OGG, 44_100, 30),
    "Opus in a track file": (_rung(Codec.OPUS, 192, File.CMAF), File.CMAF, 48_000, 20),
    "FLAC in a track file": (_rung(Codec.FLAC, None, File.CMAF, File.FLAC), File.CMAF, 44_100, 300),
    "FLAC as it is": (_rung(Codec.FLAC, None, File.CMAF, File.FLAC), File.FLAC, 44_100, 300),
}


def played(studio: Any, rung: Rung, file: File, frames: Any, rate: int) -> Any:
    """Encode and decode, as floats."""
    written = studio.rendered(rung, frames, rate, bits=16 if rung.lossless else None)
    path = next(Path(one.path) for one in written.files if one.file is file)
    if file is not File.CMAF:
        samples = np.concatenate(list(read.decoded(path, file)))
    else:
        start = written.priming_samples
        samples = everything(path)[start : start + written.sample_count]
    return samples / 2.0**15 if rung.lossless else samples.astype(np.float64)


def everything(path: Path) -> Any:
    """All that the frames of a track file decode to, priming and padding included."""
    with av.open(str(path), options={"ignore_editlist": "1"}) as container:
        stream = container.streams.audio[0]
        stream.codec_context.options = {"flags2": "skip_manual"}
        frames = [(frame.to_ndarray(), frame) for frame in container.decode(stream)]
    return np.concatenate(
        [samples.T if frame.format.is_planar else samples.reshape(frame.samples, -1) for samples, frame in frames]
    )


def longest_zero_run(samples: Any) -> int:
    longest = run = 0
    for silent in np.all(samples == 0, axis=1):
        run = run + 1 if silent else 0
        longest = max(longest, run)
    return longest


def level_db(samples: Any) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples**2))))


def snr_db(wanted: Any, found: Any) -> float:
    error = np.mean((wanted - found) ** 2)
    return float(10 * np.log10(np.mean(wanted**2) / error)) if error else np.inf


@pytest.fixture(scope="module")
def sustained() -> Any:
    """Chords that sound through, with a little vibrato: at any split there is something to interrupt."""

    def make(seconds: float, rate: int) -> Any:
        time = np.arange(round(seconds * rate)) / rate
        sides = []
        for detune in (1.0, 1.003):
            partials = [
                np.sin(2 * np.pi * hz * detune * time + 3 * np.sin(2 * np.pi * 5 * time) / 10 + hz)
                for hz in (131.0, 262.0, 330.0, 392.0, 1047.0, 2093.0)
            ]
            sides.append(sum(partials) / len(partials))
        return 0.5 * np.stack(sides, axis=1)

    return make


def assert_seamless(studio: Any, case: str, frames: Any) -> None:
    rung, file, rate, floor_db = CASES[case]
    if rung.lossless:
        frames = (
            np.clip(np.rint(frames * 0x8000), -0x8000, 0x7FFF) / 0x8000
        )  # the master has 16 bits, and every one of them is kept
    split = len(frames) // 2 + 517
    halves = [played(studio, rung, file, half, rate) for half in (frames[:split], frames[split:])]
    assert [len(half) for half in halves] == [split, len(frames) - split]
    joined = np.concatenate(halves)
    around = slice(split - REACH, split + REACH)
    assert snr_db(frames[around], joined[around]) > floor_db
    for near in (slice(split - NEAR, split), slice(split, split + NEAR)):
        assert abs(level_db(joined[near]) - level_db(frames[near])) < MAX_LEVEL_STEP_DB
    assert longest_zero_run(frames[around]) <= MAX_ZERO_RUN
    assert longest_zero_run(joined[around]) <= MAX_ZERO_RUN


@pytest.mark.parametrize("case", CASES)
def test_halves_of_sustained_chords_join(studio: Any, sustained: Any, case: str) -> None:
    assert_seamless(studio, case, sustained(2.0, CASES[case][2]))


@needs_music
@pytest.mark.parametrize("name", ["trombone.wav", "sp_loop_garzul.flac"])
@pytest.mark.parametrize("case", CASES)
def test_halves_of_a_recording_join(studio: Any, case: str, name: str) -> None:
    rate = CASES[case][2]
    # Opus is played at 48 kHz, a little too fast here; that is as much music as before.
    frames, _ = soundfile.read(MUSIC / name, start=2 * 44_100, frames=2 * rate, always_2d=True)
    assert_seamless(studio, case, frames)


def test_a_seam_of_lost_samples_is_found(sustained: Any) -> None:
    """The measure itself: forty samples of silence, or lost, or a step of 1 dB do not pass for a seam."""
    frames = sustained(1.0, 44_100)
    gap = frames.copy()
    gap[20_000:20_040] = 0
    assert longest_zero_run(gap) > MAX_ZERO_RUN
    late = np.concatenate([frames[:20_000], frames[20_040:22_040]])
    assert snr_db(frames[18_000:22_000], late[18_000:22_000]) < min(floor_db for *_, floor_db in CASES.values())
    assert abs(level_db(frames[20_000 : 20_000 + NEAR] * 10 ** (1 / 20)) - level_db(frames[20_000:][:NEAR])) > 0.5
