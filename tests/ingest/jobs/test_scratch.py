"""The scratch folder cleans up after the dead and leaves the living alone."""

import errno
import fcntl
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.errors import NoRoom
from ingest.jobs.scratch import job_folder, read_portions, room, worker_folder
from ingest.pcm import PcmInfo, SampleForm

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys
from pathlib import Path
from ingest.jobs.scratch import worker_folder
with worker_folder(Path(sys.argv[1])) as folder:
    (folder / "half.mp4").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def hold(scratch: Path) -> "tuple[subprocess.Popen[bytes], Path]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(scratch)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().decode().strip())


def end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()


def test_folder_of_a_killed_worker_is_removed_by_the_next(tmp_path: Path) -> None:
    process, folder = hold(tmp_path)
    end(process)
    assert (folder / "half.mp4").exists()
    with worker_folder(tmp_path) as own:
        assert list(tmp_path.iterdir()) == [own]


def test_folder_of_a_living_worker_is_left_alone(tmp_path: Path) -> None:
    process, folder = hold(tmp_path)
    try:
        with worker_folder(tmp_path) as own:
            assert sorted(tmp_path.iterdir()) == sorted([folder, own])
            assert (folder / "half.mp4").exists()
    finally:
        end(process)


def test_folder_that_was_never_locked_is_removed(tmp_path: Path) -> None:
    (tmp_path / "worker-x").mkdir()
    with worker_folder(tmp_path) as own:
        assert list(tmp_path.iterdir()) == [own]


def test_folders_are_made_and_swept_by_one_worker_at_a_time(tmp_path: Path) -> None:
    """A folder between its making and its lock looks dead to a sweep."""
    sweeping = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(sweeping, fcntl.LOCK_EX)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert select.select([process.stdout], [], [], 1.0)[0] == []
        assert list(tmp_path.iterdir()) == []
        os.close(sweeping)
        assert Path(process.stdout.readline().decode().strip()).parent == tmp_path
    finally:
        end(process)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_named(number: int) -> None:
    with pytest.raises(NoRoom), room():
        raise OSError(number, "full")


def test_other_errors_of_files_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), room():
        (tmp_path / "gone").read_bytes()


def test_own_folder_is_removed_at_the_end(tmp_path: Path) -> None:
    with worker_folder(tmp_path) as own:
        (own / "file").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def test_folder_of_a_job_is_removed_when_the_job_fails(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), job_folder(tmp_path) as folder:
        folder.write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []


def test_portions_are_whole_frames(tmp_path: Path) -> None:
    info = PcmInfo(
        sample_rate_hz=48_000, positions=("FL", "FR", "FC"), form=SampleForm.S16, stored_bits=16, sample_count=10
    )
    (tmp_path / "pcm").write_bytes(bytes(60))
    assert [len(portion) for portion in read_portions(tmp_path / "pcm", info, frames=4)] == [24, 24, 12]
