"""The benchmark of loudness measures, by each of its ways, a file that it wrote."""

import os
import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from loadtests.bench import loudness


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loudness, "SECONDS", 3)
        path = tmp_path_factory.mktemp("bench") / "loudness.wav"
        loudness.write_music(path)
    return path


def test_music_is_stereo_of_16_bits(music: Path) -> None:
    with wave.open(str(music)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getnframes()) == (2, 2, 3 * 44_100)


def test_both_ways_read_the_same_loudness(music: Path) -> None:
    figures = {}
    for way, pattern in (("ours", r"integrated_lufs=([-\d.]+)"), ("filter", r"lavfi.r128.I': '([-\d.]+)")):
        run = subprocess.run(
            [sys.executable, "-m", "loadtests.bench.meter_file", way, str(music)],
            check=True,
            capture_output=True,
            text=True,
        )
        found = re.search(pattern, run.stdout)
        assert found is not None, run.stdout
        figures[way] = float(found[1])
    assert figures["ours"] == pytest.approx(figures["filter"], abs=0.1)


def test_a_command_is_timed_on_one_core_and_the_cores_are_given_back() -> None:
    before = os.sched_getaffinity(0)
    one = [sys.executable, "-c", "import os, sys; sys.exit(len(os.sched_getaffinity(0)) != 1)"]
    assert loudness.timed(one) > 0
    assert os.sched_getaffinity(0) == before


def test_without_ffmpeg_the_filter_is_taken_from_pyav(monkeypatch: pytest.MonkeyPatch, music: Path) -> None:
    monkeypatch.setenv("PATH", "")
    label, baseline = loudness.baseline_of(music)
    assert "PyAV" in label
    assert baseline() > 0
