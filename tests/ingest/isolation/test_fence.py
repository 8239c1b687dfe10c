"""The fence, tried from the inside: in processes of their own, for it never opens again."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ingest.isolation import fence

ROOT = Path(__file__).parents[3]
NOBODY = 65534

linux = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in fence.MACHINES,
    reason="the filter of system calls is Linux's, on x86-64 and 64-bit ARM",
)

# What an intruder would try first; each line is evaluated behind the fence.
TRIES = {
    "read a file": "open('/etc/hostname')",
    "write a file": "open(folder + '/x', 'w')",
    "open a folder": "os.listdir(folder)",
    "make a socket": "socket.socket()",
    "make a pipe": "os.pipe()",
    "copy a descriptor": "os.dup(0)",
    "map a file of memory": "os.memfd_create('x')",
}
# What needs no descriptor, and is left to the filter.
FILTERED_TRIES = {
    "start a process": "os.fork()",
    "become another program": "os.execv('/bin/true', ['true'])",
    "start a thread": "None if threading.Thread(target=int).start() is None else None",
    "remove a file": "os.unlink(folder + '/victim')",
    "rename a file": "os.rename(folder + '/victim', folder + '/gone')",
    "cut a file": "os.truncate(folder + '/victim', 0)",
    "end the parent": "os.kill(os.getppid(), 0)",
    "date a file": "os.utime(folder + '/victim')",
    "label a file": "os.setxattr(folder + '/victim', 'user.x', b'x')",
    "end a thread of the parent": "call(fence.TGKILL[column], os.getppid(), os.getppid(), 0)",
    "send a signal to itself": "call(fence.TGKILL[column], os.getpid(), threading.get_native_id(), 0)",
    "share memory by a number": "call(fence.REFUSED['shmget'][column], 0, 4096, 0o600)",
    "load a part of a kernel": "call(fence.REFUSED['init_module'][column], None, 0, b'')",
    "lift the limit": "resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))",
}
SCRIPT = """
import ctypes, errno, json, os, platform, resource, socket, sys, threading
from ingest.isolation import fence
folder, user, fenced, tries = json.loads(sys.argv[1])
_, column = fence.MACHINES.get(platform.machine(), (0, 0))
libc = ctypes.CDLL(None, use_errno=True)
def call(*numbers):
    if libc.syscall(*numbers) < 0 and ctypes.get_errno() == errno.EPERM:
        raise OSError
if user:
    os.setgroups([]); os.setgid(user); os.setuid(user)
if fenced:
    fence.close()
found = {}
for name, line in tries.items():
    try:
        eval(line)
        found[name] = "done"
    except (OSError, ValueError):
        found[name] = "refused"
print(json.dumps(found))
"""


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that nobody, too, may change: what is refused there is refused by the fence."""
    with TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def tried(folder: Path, tries: dict[str, str], user: int, *, fenced: bool) -> dict[str, str]:
    (folder / "victim").write_text("alive")
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([str(folder), user, fenced, tries])],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert (folder / "victim").read_text() == "alive"
    found: dict[str, str] = json.loads(ran.stdout)
    return found


USERS = [
    pytest.param(0, id="as the user of the tests"),
    pytest.param(
        NOBODY,
        id="as nobody",
        marks=pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can become nobody"),
    ),
]


@pytest.mark.parametrize("user", USERS)
def test_nothing_can_be_opened(public: Path, user: int) -> None:
    assert tried(public, TRIES, user, fenced=False) == dict.fromkeys(TRIES, "done")
    assert tried(public, TRIES, user, fenced=True) == dict.fromkeys(TRIES, "refused")


@linux
@pytest.mark.parametrize("user", USERS)
def test_nothing_can_be_started_removed_or_lifted(public: Path, user: int) -> None:
    allowed = dict.fromkeys(("start a thread", "send a signal to itself"), "done")
    expected = dict.fromkeys(FILTERED_TRIES, "refused") | allowed
    assert tried(public, FILTERED_TRIES, user, fenced=True) == expected


CALLS = """
import ctypes, json
from ingest.isolation import fence
fence.close()
libc = ctypes.CDLL(None, use_errno=True)
found = []
for number in (435, 0x40000000 + 39):
    libc.syscall(number, None, 0)
    found.append(ctypes.get_errno())
print(json.dumps(found))
"""


@linux
def test_newer_calls_are_unknown_and_the_other_dialect_is_refused() -> None:
    """`clone3`, for which C libraries have another way, and `getpid` as programs of 32-bit pointers call it."""
    ran = subprocess.run([sys.executable, "-c", CALLS], cwd=ROOT, capture_output=True, check=True, timeout=60)
    assert json.loads(ran.stdout) == [errno.ENOSYS, errno.EPERM]


FOLLOW = """
import io, json, sys
import av
from ingest.isolation import fence
name, playlist, fenced = json.loads(sys.argv[1])
av.logging.set_level(None)
if fenced:
    fence.close()
try:
    with av.open(io.BytesIO(playlist.encode()), format=name, options={"safe": "0", "allowed_extensions": "ALL",
            "protocol_whitelist": "file,crypto,data"}) as container:
        print(sum(frame.samples for frame in container.decode(audio=0)))
except (OSError, ValueError):
    print("refused")
"""


@pytest.mark.parametrize(
    ("demuxer", "playlist"),
    [
        pytest.param("concat", "ffconcat version 1.0\nfile '{}'\n", id="a list to concatenate"),
        pytest.param("hls", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n", id="an HLS playlist"),
    ],
)
def test_playlist_gets_nowhere_even_if_its_demuxer_runs(
    masters: Any, tmp_path: Path, demuxer: str, playlist: str
) -> None:
    """The control is the same call without the fence: it decodes the other file."""
    secret = tmp_path / "secret.mp3"
    secret.write_bytes(masters.sndfile(masters.tone(0.5), 48_000, container="MP3", subtype="MPEG_LAYER_III"))

    def follow(*, fenced: bool) -> str:
        task = json.dumps([demuxer, playlist.format(secret), fenced])
        ran = subprocess.run(
            [sys.executable, "-c", FOLLOW, task], cwd=ROOT, capture_output=True, check=True, timeout=60, text=True
        )
        return ran.stdout.strip()

    assert int(follow(fenced=False)) > 20_000
    assert follow(fenced=True) == "refused"


@pytest.mark.parametrize("machine", fence.MACHINES)
def test_filter_fits_the_kernels_limits(machine: str) -> None:
    _, column = fence.MACHINES[machine]
    lines = fence.program(*fence.MACHINES[machine], own_pid=1)
    assert len(lines) % 8 == 0
    assert len(lines) // 8 <= 4096  # BPF_MAXINSNS
    numbers = [row[column] for row in fence.REFUSED.values() if row[column] is not None]
    assert len(set(numbers)) == len(numbers)


HEADERS = {"x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "/usr/include/asm-generic/unistd.h"}


@pytest.mark.parametrize("machine", HEADERS)
def test_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    path = Path(HEADERS[machine])
    if not path.exists():
        pytest.skip(f"{path} is not installed (linux-libc-dev)")
    words = (line.split() for line in path.read_text().splitlines() if line.startswith("#define __NR"))
    known = {
        parts[1].removeprefix("__NR3264_").removeprefix("__NR_"): int(parts[2]) for parts in words if parts[2].isdigit()
    }
    _, column = fence.MACHINES[machine]
    calls = {**fence.REFUSED, "clone": fence.CLONE, "tgkill": fence.TGKILL}
    ours = {name: row[column] for name, row in calls.items() if row[column] is not None}
    assert {name: known[name] for name in ours} == ours
