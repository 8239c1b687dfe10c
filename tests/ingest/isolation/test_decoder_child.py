"""The decoder in its child, as the worker starts it: every form gets through the fence, and nothing else does."""

import os
from pathlib import Path
from typing import Any

import pytest

from ingest.containers.header import Container
from ingest.containers.sniff import sniff
from ingest.contract import FailureCode
from ingest.errors import IngestFault, MediaError
from ingest.isolation.children import child
from ingest.isolation.messages import Limits
from ingest.tasks import Decode

LIMITS = Limits(memory_bytes=2 << 30, cpu_s=60, wall_s=600, file_bytes=1 << 30)


async def ignore(_fraction: float) -> None:
    pass


def decoding(data: bytes, folder: Path) -> Decode:
    (folder / "upload").write_bytes(data)
    return Decode(path=str(folder / "upload"), header=sniff(data), pcm_path=str(folder / "master.pcm"))


def forms(masters: Any) -> dict[Container, bytes]:
    frames = masters.tone(1.0)
    return {
        Container.WAV: masters.sndfile(frames, 48_000, container="WAV", subtype="DOUBLE"),
        Container.AIFF: masters.sndfile(frames, 48_000, container="AIFF", subtype="PCM_24"),
        Container.FLAC: masters.flac(frames, 48_000, bits=24),
        Container.OGG: masters.sndfile(frames, 48_000, container="OGG", subtype="OPUS"),
        Container.MP3: masters.sndfile(frames, 48_000, container="MP3", subtype="MPEG_LAYER_III"),
        Container.M4A: masters.encoded(frames, 48_000, container="ipod", codec="aac"),
    }


@pytest.mark.parametrize("container", Container)
async def test_every_container_decodes_behind_the_fence(masters: Any, tmp_path: Path, container: Container) -> None:
    task = decoding(forms(masters)[container], tmp_path)
    async with child(LIMITS, tmp_path) as decoder:
        decoded = await decoder.run(task, ignore)
    assert decoded.info.sample_count == 48_000
    assert Path(task.pcm_path).stat().st_size == 48_000 * decoded.info.frame_bytes


def with_texts(m4a: bytes) -> bytes:
    """A second track, of subtitles, which is the first one under another name."""
    start = m4a.index(b"trak") - 4
    length = int.from_bytes(m4a[start : start + 4], "big")
    texts = m4a[start : start + length].replace(b"soun", b"sbtl").replace(b"mp4a", b"tx3g")
    movie = m4a.index(b"moov") - 4
    grown = int.from_bytes(m4a[movie : movie + 4], "big") + length
    return m4a[:movie] + grown.to_bytes(4, "big") + m4a[movie + 4 : start + length] + texts + m4a[start + length :]


async def test_texts_beside_the_audio_do_no_harm(masters: Any, tmp_path: Path) -> None:
    """PyAV imports what it needs for them when it finds them, which is too late behind the fence."""
    async with child(LIMITS, tmp_path) as decoder:
        decoded = await decoder.run(decoding(with_texts(forms(masters)[Container.M4A]), tmp_path), ignore)
    assert decoded.info.sample_count == 48_000


async def test_child_that_decoded_opens_nothing_more(masters: Any, tmp_path: Path) -> None:
    task = decoding(masters.wav(masters.tone(1.0)), tmp_path)
    async with child(LIMITS, tmp_path) as decoder:
        await decoder.run(task, ignore)
        with pytest.raises(IngestFault, match=r"Too many open files|not permitted"):
            await decoder.run(task, ignore)


async def test_child_lives_no_longer_than_its_limit(masters: Any, tmp_path: Path) -> None:
    """A decoder that hangs takes no processor time; here it waits for a pipe that nobody writes to."""
    task = decoding(masters.wav(masters.tone(1.0)), tmp_path)
    Path(task.path).unlink()
    os.mkfifo(task.path)
    async with child(Limits(memory_bytes=2 << 30, wall_s=2), tmp_path) as decoder:
        with pytest.raises(MediaError) as caught:
            await decoder.run(task, ignore)
    assert caught.value.failure is FailureCode.RESOURCE_LIMIT
