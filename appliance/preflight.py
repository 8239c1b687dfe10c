"""What has to hold before anything is started: the home folder is ours alone, the disk has room, the ports are free.

Each check raises an error of `appliance.errors`, whose message is the one sentence that the operator reads.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from appliance.errors import HomeDamaged, HomeInUse, NoRoom, PortInUse
from appliance.home import Home, embedded, service_port
from config.errors import InvalidSetting
from config.settings import GRAPH_PORT, ORIGIN_PORT, Reader

ROOM_BYTES = 1024**3
"""PostgreSQL's log alone may take 256 MiB, and a master in ingest is on the disk several times."""


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """A port that a process will listen on, and the variable that moves it."""

    purpose: str
    host: str
    port: int
    variable: str


def listeners(variables: Mapping[str, str]) -> list[Listener]:
    """Every port of `segue up` under these variables. Raises InvalidSetting when two are the same."""
    read = Reader(variables)
    found = [
        Listener(
            purpose=name,
            host=read.text(f"SEGUE_{name.upper()}_HOST", "127.0.0.1"),
            port=read.port(f"SEGUE_{name.upper()}_PORT", default),
            variable=f"SEGUE_{name.upper()}_PORT",
        )
        for name, default in (("graph", GRAPH_PORT), ("origin", ORIGIN_PORT))
    ]
    for name in sorted(embedded(variables) & {"s3", "valkey"}):
        port = service_port(name, variables)
        purpose = f"the embedded {name.capitalize()}"
        found.append(Listener(purpose=purpose, host="127.0.0.1", port=port, variable=f"SEGUE_{name.upper()}_PORT"))
    taken: dict[int, Listener] = {}
    for listener in found:
        other = taken.setdefault(listener.port, listener)
        if other is not listener:
            raise InvalidSetting(listener.variable, f"is {listener.port}, which is the port of {other.purpose} too")
    return found


def check_ports(wanted: Sequence[Listener]) -> None:
    """Bind each port for a moment. Raises PortInUse, or InvalidSetting for one that may not be bound at all."""
    with ExitStack() as stack:
        for listener in wanted:
            family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
            probe = stack.enter_context(socket.socket(family))
            # As the servers do: connections that are still closing do not hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((listener.host, listener.port))
            except OSError as error:
                raise _refusal(listener, error) from error


def _refusal(listener: Listener, error: OSError) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return PortInUse(port=listener.port, variable=listener.variable, purpose=listener.purpose)
    if error.errno == errno.EACCES:
        return InvalidSetting(listener.variable, f"names port {listener.port}, which this user may not listen on")
    host_variable = listener.variable.replace("_PORT", "_HOST")
    return InvalidSetting(host_variable, f"names an address to listen on that this machine has not: {listener.host!r}")


def free_bytes(folder: Path) -> int:
    """Free space, for this user, of the disk on which the folder is or would be made."""
    present = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(present).free


def check_room(folder: Path, *, measure: Callable[[Path], int] = free_bytes) -> None:
    """Raises NoRoom when the disk is nearly full: better not to start than to fail in the middle of an upload."""
    free = measure(folder)
    if free < ROOM_BYTES:
        raise NoRoom(
            f"the disk of {folder} has {free / 1024**2:.0f} MiB free, and {ROOM_BYTES // 1024**2} MiB are needed;"
            " free some, or choose a folder on another disk by --home"
        )


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the home's lock, which the kernel releases however this process ends. Raises HomeInUse or HomeDamaged."""
    if home.folder.is_file():
        raise HomeDamaged(f"{home.folder} is a file; choose a folder by --home")
    try:
        home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stream = home.lock_file.open("ab")
    except OSError as error:
        raise HomeDamaged(
            f"{home.folder} cannot be used as a home folder ({error.strerror}); choose another by --home"
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HomeInUse(home.folder) from error
        yield
