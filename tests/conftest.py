"""Real services for every test that wants them: embedded PostgreSQL, Valkey and S3 in a temporary home folder.

They start once a run, on the first test that asks, through the same modules that `segue up` uses. They skip what makes
data outlive a power failure, and they end with the test run, however it ends (`appliance.supervision.guard`).
"""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from uuid import uuid4

# Before numpy is imported: the meter's matrices are small, and threads that wait for each other take fifteen times as
# long on a machine with other work. The worker's children are started with the same.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import asyncpg
import hypothesis
import pytest

from appliance import home as homes
from appliance import prepare
from appliance.credentials import Credentials
from appliance.embedded import postgres, s3, valkey
from appliance.home import Home
from appliance.supervision.command import Command
from config.migrate import load, migrate
from loadtests.appliance import unused_port
from tests.processes import alive

# A shell that runs the tests in the background has them ignore Ctrl-C, and whatever they start would ignore it, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Compiled once for all the homes that tests start processes in; each would compile everything into its own folder.
os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode"))

# The same examples on every run, each for as long as it takes: the processors are shared with services, and a run that
# fails has to fail again. `pytest --hypothesis-profile=others` looks for others.
hypothesis.settings.register_profile("others", hypothesis.settings.get_profile("ci"), derandomize=False)
hypothesis.settings.load_profile("ci")

SHARED_MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 1024**3
"""The services' files are half a GiB at the end of a whole run."""

END_TO_END = Path(__file__).parent / "e2e"

READY_LIMIT_S = 180.0
TEMPLATE = "segue_template"
BUCKETS = 2000
"""Made as folders before the S3 server starts, one for each test: by its API each would cost a quarter of a second."""


class Services(NamedTuple):
    """Running services; `pids` are keyed by `postgres`, `valkey` and `s3`, for tests that stop one."""

    home: Home
    environment: dict[str, str]
    pids: dict[str, int]
    buckets: Iterator[str]

    def postgres_url(self, database: str) -> str:
        held = homes.load_credentials(self.home)
        return postgres.url(
            self.home.socket_folder, role=postgres.ROLE, password=held.postgres_password, database=database
        )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where two processes run the tests, a module stays with one of them, and so do all that share the appliance.

    What is measured in real time comes last, when the other process has ended.
    """
    for item in items:
        shares = END_TO_END in item.path.parents and not _in_real_time(item)
        item.add_marker(pytest.mark.xdist_group(str(END_TO_END if shares else item.path)))
    items.sort(key=_in_real_time)


def _in_real_time(item: pytest.Item) -> bool:
    return item.get_closest_marker("real_time") is not None


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Give a TCP port of 127.0.0.1 that nobody listens on, another one at every call."""
    return unused_port


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    """In memory where there is room: on a disk that is busy, each of a thousand databases takes half a second."""
    for left in SHARED_MEMORY.glob("segue-tests-*-*"):  # by runs that were killed; their services ended with them
        if not alive(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    place = SHARED_MEMORY if _memory_has_room() else None
    with TemporaryDirectory(prefix=f"segue-tests-{os.getpid()}-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _memory_has_room() -> bool:
    try:
        status = os.statvfs(SHARED_MEMORY)
    except OSError:
        return False
    return os.access(SHARED_MEMORY, os.W_OK) and status.f_bavail * status.f_frsize >= ROOM_BYTES


@pytest.fixture(scope="session")
def services(services_folder: Path) -> Iterator[Services]:
    home = homes.open_home(services_folder)
    chosen = {
        name: str(unused_port())
        for name in ("SEGUE_VALKEY_PORT", "SEGUE_S3_PORT", "SEGUE_GRAPH_PORT", "SEGUE_ORIGIN_PORT")
    }
    held = prepare.make_folders(home)
    buckets = [f"test-{number}" for number in range(BUCKETS)]
    for bucket in buckets:
        s3.make_bucket(home.s3, bucket)
    with ExitStack() as stack:
        pids = {
            "valkey": stack.enter_context(_valkey(home, held, int(chosen["SEGUE_VALKEY_PORT"]))),
            "s3": stack.enter_context(_s3(home, held, int(chosen["SEGUE_S3_PORT"]))),
            "postgres": stack.enter_context(_postgres(home, held)),
        }
        started = Services(home=home, environment=homes.resolve(home, chosen), pids=pids, buckets=iter(buckets))
        asyncio.run(_make_template(started))
        yield started


@pytest.fixture
def environment(services: Services) -> Iterator[dict[str, str]]:
    """Every variable of the processes, with a migrated database and a bucket of this test's own."""
    database = f"test_{uuid4().hex[:12]}"
    own = {
        **services.environment,
        "SEGUE_POSTGRES_URL": services.postgres_url(database),
        "SEGUE_S3_BUCKET": next(services.buckets),
    }
    asyncio.run(_statement(services, f"CREATE DATABASE {database} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY"))
    yield own
    asyncio.run(_statement(services, f"DROP DATABASE {database} WITH (FORCE)"))


@contextmanager
def _postgres(home: Home, held: Credentials) -> Iterator[int]:
    asyncio.run(prepare.make_cluster(home, held, durable=False))
    command = postgres.server_command(home.postgres, socket_folder=home.socket_folder, durable=False)
    with _running(command, home) as child:

        async def probe() -> bool:
            return postgres.is_ready(home.postgres, pid=child.pid)

        _wait(child, probe, command.name)
        asyncio.run(prepare.make_database(home, held))
        admin = postgres.url(
            home.socket_folder, role=postgres.ADMIN_ROLE, password=held.postgres_admin_password, database="postgres"
        )
        # A database cannot be dropped while a connection to it begins: it has no role yet, so it is nobody's to end.
        asyncio.run(_run(admin, f"GRANT pg_signal_backend TO {postgres.ROLE}"))
        yield child.pid


@contextmanager
def _valkey(home: Home, held: Credentials, port: int) -> Iterator[int]:
    command = valkey.server_command(
        port=port, password=held.valkey_password, folder=home.valkey, search_path=os.defpath
    )
    with _running(command, home) as child:
        _wait(child, lambda: valkey.is_ready(port=port, password=held.valkey_password), command.name)
        yield child.pid


@contextmanager
def _s3(home: Home, held: Credentials, port: int) -> Iterator[int]:
    command = s3.server_command(home.s3, port=port, access_key=held.s3_access_key, secret_key=held.s3_secret_key)
    with _running(command, home) as child:
        _wait(child, lambda: s3.is_ready(port=port), command.name)
        yield child.pid


@contextmanager
def _running(command: Command, home: Home) -> Iterator["subprocess.Popen[bytes]"]:
    log = home.logs / f"{command.name}.log"
    with log.open("ab") as stream:
        child = subprocess.Popen(
            command.guarded(os.getpid()),
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            env=command.environment,
            cwd=home.folder,
            start_new_session=True,
        )
    try:
        assert child.stdin is not None
        with child.stdin:
            child.stdin.write(command.stdin)
        yield child
    finally:
        child.send_signal(signal.SIGCONT)  # a test may have stopped it
        child.send_signal(command.stop_signal)
        try:
            child.wait(timeout=60)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait(child: "subprocess.Popen[bytes]", probe: Callable[[], Awaitable[bool]], name: str) -> None:
    async def ask() -> bool:
        return await probe()

    deadline = time.monotonic() + READY_LIMIT_S
    while not asyncio.run(ask()):
        assert child.poll() is None, f"{name} ended with status {child.returncode}"
        assert time.monotonic() < deadline, f"{name} is not ready after {READY_LIMIT_S} s"
        time.sleep(0.02)


async def _make_template(services: Services) -> None:
    """The migrations run once; each test copies the result."""
    await _run(services.environment["SEGUE_POSTGRES_URL"], f"CREATE DATABASE {TEMPLATE}")
    await migrate(services.postgres_url(TEMPLATE), load())


async def _statement(services: Services, statement: str) -> None:
    await _run(services.environment["SEGUE_POSTGRES_URL"], statement)


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
