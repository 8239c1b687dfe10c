"""Ogg Vorbis: exact to the sample in two decoders, in pages that follow the rules, with the labels of our own."""

import errno
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ingest.progressive import ogg, read
from ingest.progressive.labels import Labels
from ingest.progressive.vorbis import VorbisFile, compression_level
from ingest.renditions.ladder import File

RATE = 44_100
LABELS = Labels(title="T", isrc="DEA120600001")


def write(path: Path, frames: Any, *, bandwidth_bps: int = 160_000, labels: Labels = LABELS) -> Any:
    file = VorbisFile(
        path,
        sample_rate_hz=RATE,
        channels=frames.shape[1],
        bandwidth_bps=bandwidth_bps * frames.shape[1] // 2,
        labels=labels,
    )
    file.write(frames)
    return file.finish()


@pytest.mark.parametrize("level", [0.5, 1e-5], ids=["loud", "so quiet that all of it is on one page"])
@pytest.mark.parametrize("channels", [1, 2], ids=["mono", "stereo"])
@pytest.mark.parametrize("count", [4_410, 4_411, 20_000, 99_991])
def test_two_decoders_hear_exactly_the_signal(
    masters: Any, tmp_path: Path, count: int, channels: int, level: float
) -> None:
    path = tmp_path / "a.ogg"
    assert write(path, masters.music(2.3, RATE, channels=channels)[:count] * level).sample_count == count
    assert sum(len(samples) for samples in read.decoded(path, File.OGG)) == count
    assert len(soundfile.read(path)[0]) == count


def test_what_is_heard_lies_where_the_signal_lay(masters: Any, tmp_path: Path) -> None:
    frames = masters.music(1.0, RATE)
    write(tmp_path / "a.ogg", frames, bandwidth_bps=320_000)
    found = np.concatenate(list(read.decoded(tmp_path / "a.ogg", File.OGG)))
    assert 20 * np.log10(np.std(frames) / np.std(found - frames)) > 20


def test_pages_are_numbered_checked_and_marked(masters: Any, tmp_path: Path) -> None:
    write(tmp_path / "a.ogg", masters.music(3.0, RATE))
    data = (tmp_path / "a.ogg").read_bytes()
    pages = list(ogg.pages(io.BytesIO(data)))
    # Every page says the same again when it is written again, with the checksum that FFmpeg and libogg insist on.
    assert b"".join(page.encode(number) for number, page in enumerate(pages)) == data
    assert [page.flags for page in pages] == [2, *[0] * (len(pages) - 2), 4]
    positions = [page.position for page in pages]
    assert positions[:3] == [0, 0, 0]
    assert positions == sorted(positions)
    assert positions[-1] == 3 * RATE


def test_checksum_is_the_one_that_libogg_wrote(masters: Any) -> None:
    data = masters.sndfile(masters.music(0.5, RATE), RATE, container="OGG", subtype="VORBIS")
    for page in data.split(b"OggS")[1:]:
        whole = b"OggS" + page
        assert ogg.checksum(whole[:22] + bytes(4) + whole[26:]) == int.from_bytes(whole[22:26], "little")


def test_same_master_gives_the_same_bytes(masters: Any, tmp_path: Path) -> None:
    frames = masters.music(0.5, RATE)
    write(tmp_path / "a.ogg", frames)
    write(tmp_path / "b.ogg", frames)
    assert (tmp_path / "a.ogg").read_bytes() == (tmp_path / "b.ogg").read_bytes()


def test_nothing_is_left_but_the_file(masters: Any, tmp_path: Path) -> None:
    write(tmp_path / "a.ogg", masters.music(0.5, RATE))
    assert [path.name for path in tmp_path.iterdir()] == ["a.ogg"]


@pytest.mark.parametrize("cut", [0, 20, 58, 100, 2_000, -1])
def test_cut_stream_is_our_error(masters: Any, cut: int) -> None:
    data = masters.sndfile(masters.music(0.5, RATE), RATE, container="OGG", subtype="VORBIS")
    with pytest.raises(ValueError, match=r"ends within|not a page|cut off"):
        list(ogg.relabelled(ogg.pages(io.BytesIO(data[:cut])), LABELS))


def test_another_stream_is_our_error(masters: Any) -> None:
    data = masters.sndfile(masters.music(0.5, 48_000), 48_000, container="OGG", subtype="OPUS")
    with pytest.raises(ValueError, match="not a comment header"):
        list(ogg.relabelled(ogg.pages(io.BytesIO(data)), LABELS))


@pytest.mark.parametrize(("kbps", "level"), [(96, 0.8), (160, 0.5), (320, 0.1), (64, 1.0), (500, 0.0), (144, 0.55)])
def test_nominal_bandwidth_is_a_quality(kbps: int, level: float) -> None:
    assert compression_level(kbps * 1000) == pytest.approx(level)


def test_higher_bandwidth_takes_more(masters: Any, tmp_path: Path) -> None:
    frames = masters.music(2.0, RATE)
    sizes = []
    for kbps in (96, 160, 320):
        write(tmp_path / "a.ogg", frames, bandwidth_bps=kbps * 1000)
        sizes.append((tmp_path / "a.ogg").stat().st_size)
    assert sizes == sorted(sizes)
    assert sizes[2] > 1.5 * sizes[0]


def test_one_long_write_does_not_overflow_the_encoders_stack(tmp_path: Path) -> None:
    """In a process of its own, which would die of it: libvorbis puts on its stack what it is given at once."""
    program = f"""
import numpy as np
from pathlib import Path
from ingest.progressive.labels import Labels
from ingest.progressive.vorbis import VorbisFile
file = VorbisFile(Path({str(tmp_path / "a.ogg")!r}), sample_rate_hz=44100, channels=2, bandwidth_bps=96000,
                  labels=Labels(title="T"))
file.write(np.zeros((150 * 44100, 2), dtype=np.float32))
assert file.finish().sample_count == 150 * 44100
"""
    root = Path(__file__).parents[3]
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_full_disk_is_told_as_one(masters: Any, tmp_path: Path) -> None:
    (tmp_path / "a.encoded").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        write(tmp_path / "a.ogg", masters.music(3.0, RATE), bandwidth_bps=320_000)
    assert caught.value.errno == errno.ENOSPC
