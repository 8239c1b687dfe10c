"""Where renditions are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.cmaf.segmentation import frames_a_segment


@pytest.mark.parametrize(
    ("frames", "ticks", "rate", "expected"),
    [
        pytest.param(1, 1024, 44_100, (1,), id="one frame"),
        pytest.param(44, 1024, 44_100, (44,), id="a first segment and nothing else"),
        pytest.param(45, 1024, 44_100, (45,), id="one frame more goes with the first segment"),
        pytest.param(44 + 44, 1024, 44_100, (44, 44), id="a second of its own"),
        pytest.param(44 + 173 + 173 + 44, 1024, 44_100, (44, 173, 173, 44), id="two full segments and an end"),
        pytest.param(44 + 173 + 173 + 43, 1024, 44_100, (44, 173, 216), id="a short end goes with the last segment"),
        pytest.param(47 + 188 + 188, 1024, 48_000, (47, 188, 188), id="exactly full at 48 kHz"),
        pytest.param(12 + 47 + 12, 4096, 48_000, (12, 47, 12), id="FLAC at 48 kHz"),
    ],
)
def test_cuts_after_whole_frames(frames: int, ticks: int, rate: int, expected: tuple[int, ...]) -> None:
    assert frames_a_segment(frames, ticks, rate) == expected


@given(st.integers(1, 100_000), st.sampled_from([1024, 4096]), st.sampled_from([8_000, 44_100, 48_000, 192_000]))
def test_segments_hold_every_frame_and_last_one_to_six_seconds(frames: int, ticks: int, rate: int) -> None:
    counts = frames_a_segment(frames, ticks, rate)
    seconds = [count * ticks / rate for count in counts]
    assert sum(counts) == frames
    assert max(seconds) < 6.0
    assert len(counts) == 1 or min(seconds) >= 1.0
    assert counts[0] == frames_a_segment(frames + 5_000_000, ticks, rate)[0] or len(counts) == 1
