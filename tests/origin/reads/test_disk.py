"""The disk tier on a real file system: what comes out went in, whatever happens to the files."""

import asyncio
import os
from pathlib import Path

import pytest

from origin.asset import block_digest
from origin.ranges import Span
from origin.reads import disk as disks
from origin.reads.block import Block
from origin.reads.disk import Disk

SIZE_BYTES = 1000


def content(number: int) -> bytes:
    return number.to_bytes(4, "big") * (SIZE_BYTES // 4)


def block(number: int) -> Block:
    return Block(key="k", span=Span(start=0, length=SIZE_BYTES), sha256=block_digest(content(number)))


async def opened(folder: Path, *, room_bytes: int = 1_000_000) -> Disk:
    disk = Disk(folder, room_bytes=room_bytes)
    await disk.open()
    return disk


async def write(disk: Disk, *numbers: int) -> None:
    for number in numbers:
        disk.keep(block(number), content(number))
        await disk.close()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_what_is_kept_is_there_for_the_next_process_too(tmp_path) -> None:
    await write(await opened(tmp_path / "cache"), 1)
    for disk in (await opened(tmp_path / "cache"), await opened(tmp_path / "cache")):
        assert await disk.read(block(1)) == content(1)
        assert await disk.read(block(2)) is None
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "damaged",
    [b"", content(1)[:-1], content(1)[:-1] + b"?", content(1) + b"?", bytes(SIZE_BYTES)],
    ids=["emptied", "cut short", "another byte", "longer", "zeros, as after a power failure"],
)
async def test_damaged_file_is_a_miss_and_goes(tmp_path, damaged) -> None:
    disk = await opened(tmp_path)
    await write(disk, 1)
    (path,) = files(tmp_path)
    path.write_bytes(damaged)
    assert await disk.read(block(1)) is None
    assert files(tmp_path) == []
    await write(disk, 1)
    assert await disk.read(block(1)) == content(1)


async def test_size_is_kept_and_what_was_used_lately_stays(tmp_path) -> None:
    disk = await opened(tmp_path, room_bytes=20 * SIZE_BYTES)
    for number in range(60):
        await write(disk, number)
        for path in files(tmp_path):  # the clock of the file system may be too coarse to order them
            os.utime(path, ns=(path.stat().st_mtime_ns - 10**9,) * 2)
        assert await disk.read(block(0)) == content(0)
        assert sum(path.stat().st_size for path in files(tmp_path)) <= 20 * SIZE_BYTES
    assert await disk.read(block(59)) == content(59)
    assert await disk.read(block(1)) is None


async def test_smaller_size_holds_from_the_next_start_on(tmp_path) -> None:
    await write(await opened(tmp_path), *range(50))
    await opened(tmp_path, room_bytes=10 * SIZE_BYTES)
    assert len(files(tmp_path)) == 8


async def test_what_is_not_ours_is_left_alone(tmp_path) -> None:
    foreign = [tmp_path / "readme.txt", tmp_path / "ab" / "notes", tmp_path / "music" / ("0" * 30)]
    for path in foreign:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(1_000_000))
    await write(await opened(tmp_path, room_bytes=10 * SIZE_BYTES), *range(30))
    assert all(path.exists() for path in foreign)
    assert len(files(tmp_path)) <= 10 + len(foreign)


async def test_folder_that_cannot_be_made_costs_the_tier_alone(tmp_path) -> None:
    (tmp_path / "taken").write_bytes(b"a file where a folder belongs")
    disk = await opened(tmp_path / "taken")
    await write(disk, 1)
    assert await disk.read(block(1)) is None


async def test_two_workers_share_a_folder(tmp_path) -> None:
    one, other = [await opened(tmp_path, room_bytes=40 * SIZE_BYTES) for _ in range(2)]
    for number in range(100):
        await asyncio.gather(write(one, number), write(other, number))
        assert await one.read(block(number)) == await other.read(block(number)) == content(number)
    assert len(files(tmp_path)) <= 40


async def test_unfinished_file_of_a_killed_worker_is_swept(tmp_path) -> None:
    disk = await opened(tmp_path)
    await write(disk, 1)
    left = files(tmp_path)[0].with_name(f"{'0' * 30}-abcd1234{disks.UNFINISHED}")
    left.write_bytes(b"half")
    await opened(tmp_path)
    assert left.exists()  # it may be in the middle of being written
    os.utime(left, (0, 0))
    await opened(tmp_path)
    assert not left.exists()
    assert await disk.read(block(1)) == content(1)


async def test_disk_that_takes_nothing_costs_no_answer(tmp_path) -> None:
    disk = await opened(tmp_path)
    (tmp_path / block(1).sha256[:2]).write_bytes(b"a file where a folder belongs")
    await write(disk, 1)
    assert await disk.read(block(1)) is None


async def test_disk_that_does_not_keep_up_is_spared(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(disks, "WRITES_MAX", 2)
    disk = await opened(tmp_path)
    for number in range(5):
        disk.keep(block(number), content(number))
    await disk.close()
    assert len(files(tmp_path)) == 2
