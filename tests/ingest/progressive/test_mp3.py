"""MP3: exact to the sample in two decoders, whatever the length, which FFmpeg's muxer alone does not manage."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ingest.progressive import lame_tag, read
from ingest.progressive.labels import Labels
from ingest.progressive.mp3 import Mp3File
from ingest.renditions.ladder import File

RATE = 44_100


def write(path: Path, frames: Any, rate: int = RATE, *, bandwidth_bps: int = 320_000) -> Any:
    file = Mp3File(
        path,
        sample_rate_hz=rate,
        channels=frames.shape[1],
        bandwidth_bps=bandwidth_bps,
        labels=Labels(title="T", isrc="DEA120600001"),
    )
    for first in range(0, len(frames), 10_000):
        file.write(frames[first : first + 10_000])
    return file.finish()


# Of these FFmpeg's muxer gets the second and third wrong: the padding fills more than the last frame.
LENGTHS = {
    "padding within the last frame": 8_064,
    "padding of the last frame and 46 samples": 8_065,
    "padding of the last frame and one sample": 8_110,
    "whole last frame of padding": 8_111,
    "shortest master": 4_410,
}


@pytest.mark.parametrize("count", LENGTHS.values(), ids=LENGTHS.keys())
def test_two_decoders_hear_exactly_the_signal(masters: Any, tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.mp3"
    written = write(path, masters.music(0.2, RATE)[:count])
    assert written.sample_count == count
    assert sum(len(samples) for samples in read.decoded(path, File.MP3)) == count
    assert len(soundfile.read(path)[0]) == count


@pytest.mark.parametrize("count", LENGTHS.values(), ids=LENGTHS.keys())
def test_tag_adds_up(masters: Any, tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.mp3"
    written = write(path, masters.music(0.2, RATE)[:count])
    data = path.read_bytes()
    tag = lame_tag.find(data)
    held = tag.frame_count * 1152
    assert tag.delay_samples + count + tag.padding_samples == held
    assert written.priming_samples + count + written.padding_samples == held
    assert written.priming_samples == 1105
    frame = tag.start - 36
    told = int.from_bytes(data[tag.start + 154 : tag.start + 156])
    assert told == lame_tag.checksum(data[frame : tag.start + 154])


@pytest.mark.parametrize(
    ("rate", "channels", "bandwidth_bps"),
    [(32_000, 2, 320_000), (48_000, 2, 320_000), (44_100, 1, 160_000), (44_100, 1, 32_000)],
    ids=["32 kHz", "48 kHz", "mono", "mono in frames smaller than the tag"],
)
def test_every_rate_and_mono(masters: Any, tmp_path: Path, rate: int, channels: int, bandwidth_bps: int) -> None:
    path = tmp_path / "a.mp3"
    frames = masters.music(1.0, rate, channels=channels)
    write(path, frames, rate, bandwidth_bps=bandwidth_bps)
    found, found_rate = soundfile.read(path, always_2d=True)
    assert (found.shape, found_rate) == (frames.shape, rate)


def test_what_is_heard_lies_where_the_signal_lay(masters: Any, tmp_path: Path) -> None:
    frames = masters.music(1.0, RATE)
    write(tmp_path / "a.mp3", frames)
    found = np.concatenate(list(read.decoded(tmp_path / "a.mp3", File.MP3)))
    assert 20 * np.log10(np.std(frames) / np.std(found - frames)) > 20


@pytest.mark.parametrize("kbps", [64, 96, 128, 160, 192, 224, 256, 320])
def test_level_is_the_signals_at_every_bandwidth(masters: Any, tmp_path: Path, kbps: int) -> None:
    """LAME would turn the lower ones down by up to half a decibel."""
    tone = masters.tone(2.0, RATE, channels=1)
    write(tmp_path / "a.mp3", tone, bandwidth_bps=kbps * 1000)
    found = np.concatenate(list(read.decoded(tmp_path / "a.mp3", File.MP3)))
    middle = slice(RATE // 2, RATE)
    assert 20 * np.log10(np.std(found[middle]) / np.std(tone[middle])) == pytest.approx(0, abs=0.01)


def test_label_version_is_2_4(masters: Any, tmp_path: Path) -> None:
    write(tmp_path / "a.mp3", masters.music(0.2, RATE))
    assert (tmp_path / "a.mp3").read_bytes()[:4] == b"ID3\x04"


@pytest.mark.parametrize("data", [b"", b"ID3", b"\xff\xfb\xe0\x00" + bytes(200)], ids=["empty", "cut", "untagged"])
def test_file_without_a_tag_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match="no tag"):
        lame_tag.find(data)


def test_correction_changes_padding_and_checksum_alone(masters: Any, tmp_path: Path) -> None:
    write(tmp_path / "a.mp3", masters.music(0.2, RATE)[:8_064])
    data = (tmp_path / "a.mp3").read_bytes()
    tag = lame_tag.find(data)
    assert lame_tag.corrected(data, tag, padding_samples=tag.padding_samples) == data
    other = lame_tag.corrected(data, tag, padding_samples=4095)
    assert lame_tag.find(other).padding_samples == 4095
    assert lame_tag.find(other).delay_samples == 576
    changed = [index for index, (a, b) in enumerate(zip(data, other, strict=True)) if a != b]
    assert set(changed) <= {tag.start + place for place in (142, 143, 154, 155)}
