import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from appliance import prepare
from appliance.errors import NoRoom, ProcessFailed
from appliance.home import Home, open_home
from appliance.supervision import process, records
from appliance.supervision.command import Command
from appliance.supervision.supervisor import LONGEST_DELAY_S, Service, Supervisor, delay_s

PATIENCE_S = 60.0
SLEEP = "import time; time.sleep(600)"
STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path("stubborn").touch()
time.sleep(600)
"""
# It waits for its signal instead of handling it: Python would handle one that comes right before a sleep after it.
NOTE_END = """
import pathlib, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
pathlib.Path(sys.argv[1]).touch()
signal.sigwait({signal.SIGTERM})
with open("ends", "a") as file:
    file.write(sys.argv[1] + "\\n")
"""
CRASH_ONCE = """
import pathlib, sys, time
told, crashed = pathlib.Path("crash"), pathlib.Path("crashed")
if not crashed.exists():
    while not told.exists():
        time.sleep(0.02)
    told.rename(crashed)
    sys.exit(3)
pathlib.Path("again").touch()
time.sleep(600)
"""


class Running:
    """A supervisor on a home of its own, what it said, and the operator's hurry."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.said: list[str] = []
        self.hurry = asyncio.Event()
        self.supervisor = self.supervise()

    def supervise(self, *, ready_limit_s: float = PATIENCE_S, grace_s: float = PATIENCE_S) -> Supervisor:
        return Supervisor(self.home, self.said.append, ready_limit_s=ready_limit_s, grace_s=grace_s)

    def service(self, name: str, code: str, *arguments: str, ready: str | None = None) -> Service:
        """A Python child; it is ready when it has made the file `ready` in the home folder."""

        async def probe(_pid: int) -> bool:
            return ready is None or (self.home.folder / ready).exists()

        return Service(command=Command(name=name, argv=(sys.executable, "-c", code, *arguments)), ready=probe)

    def file(self, name: str) -> Path:
        return self.home.folder / name

    async def until(self, name: str) -> None:
        await holds(self.file(name).exists)


async def holds(condition: Callable[[], object]) -> None:
    """Return once it does."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    home = open_home(tmp_path / "home")
    prepare.make_folders(home)
    made = Running(home)
    yield made
    made.hurry.set()
    await made.supervisor.stop(made.hurry)


def pids(home: Home) -> list[int]:
    return [record.pid for record in records.read(home.run)]


async def test_stops_the_last_tier_first(running: Running) -> None:
    await running.supervisor.start(running.service("service", NOTE_END, "service", ready="service"))
    await running.supervisor.start(running.service("graph", NOTE_END, "graph", ready="graph"))
    await running.supervisor.stop(running.hurry)
    assert running.file("ends").read_text().split() == ["graph", "service"]
    assert records.read(running.home.run) == []


async def test_starts_a_crashed_process_again_and_says_so(running: Running) -> None:
    await running.supervisor.start(running.service("graph", CRASH_ONCE))
    running.file("crash").touch()
    await running.until("again")
    log = running.home.logs / "graph.log"
    assert running.said == [f"graph ended with status 3; starting it again in 0.5 s (see {log})"]
    (pid,) = pids(running.home)
    await running.supervisor.stop(running.hurry)
    assert records.birth_of(pid) is None


async def test_goes_on_when_a_process_cannot_be_started_for_a_while(running: Running) -> None:
    await running.supervisor.start(running.service("graph", CRASH_ONCE))
    shutil.rmtree(running.home.logs)  # there is no place for the log of the next start
    running.file("crash").touch()
    await holds(lambda: len(running.said) >= 2)
    running.home.logs.mkdir()
    await running.until("again")
    assert "graph could not be started (No such file or directory); starting it again in 1 s" in running.said[1]


async def test_puts_a_large_log_aside(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.supervision.process.LOG_BYTES", 10)
    log = running.home.logs / "graph.log"
    log.write_text("eleven byte")
    await running.supervisor.start(running.service("graph", SLEEP))
    assert log.read_text() == ""
    assert log.with_name("graph.log.1").read_text() == "eleven byte"


async def test_tells_the_last_lines_of_a_process_that_ends_too_soon(running: Running) -> None:
    code = "import sys; print('listening', flush=True); sys.exit('no such table')"
    with pytest.raises(ProcessFailed, match=r"graph ended with status 1 before it was ready") as caught:
        await running.supervisor.start(running.service("graph", code, ready="never"))
    assert str(caught.value).endswith("its last lines:\nlistening\nno such table")


async def test_last_lines_are_not_of_an_earlier_run(running: Running) -> None:
    (running.home.logs / "graph.log").write_text("all is well\n")
    with pytest.raises(ProcessFailed) as caught:
        await running.supervisor.start(running.service("graph", "import sys; sys.exit('no')", ready="never"))
    assert str(caught.value).endswith("its last lines:\nno")


async def test_signals_leave_the_exit_status_to_the_event_loop(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Popen.send_signal() polls first, and a status that poll() has read is lost to the loop: it reports 255."""
    child = await process.start(running.service("s3", SLEEP).command, logs=running.home.logs, folder=running.home.run)
    monkeypatch.setattr(subprocess.Popen, "poll", lambda _: pytest.fail("took the exit status away"))
    await child.stop(grace_s=PATIENCE_S)
    assert await child.wait() == -signal.SIGTERM


async def test_tells_a_process_that_is_never_ready(running: Running) -> None:
    running.supervisor = running.supervise(ready_limit_s=0.3)
    with pytest.raises(ProcessFailed, match=r"graph was not ready after 0\.3 s"):
        await running.supervisor.start(running.service("graph", SLEEP, ready="never"))


async def test_tells_a_full_disk_as_what_it_is(running: Running) -> None:
    code = "import os, sys; sys.exit('FATAL: could not write: ' + os.strerror(28))"
    with pytest.raises(NoRoom, match="postgres found no space left on the disk of"):
        await running.supervisor.start(running.service("postgres", code, ready="never"))


async def test_failed_tier_leaves_nothing_running(running: Running) -> None:
    with pytest.raises(ProcessFailed, match="origin ended"):
        await running.supervisor.start(
            running.service("graph", SLEEP, ready="never"),
            running.service("origin", "import sys; sys.exit(1)", ready="never"),
        )
    started = pids(running.home)
    await running.supervisor.stop(running.hurry)
    assert len(started) >= 1
    assert [records.birth_of(pid) for pid in started] == [None] * len(started)


async def test_kills_what_does_not_end_in_time(running: Running) -> None:
    running.supervisor = running.supervise(grace_s=1)
    await running.supervisor.start(running.service("graph", STUBBORN, ready="stubborn"))
    (pid,) = pids(running.home)
    await running.supervisor.stop(running.hurry)
    assert records.birth_of(pid) is None


async def test_ends_what_somebody_stopped(running: Running) -> None:
    await running.supervisor.start(running.service("graph", NOTE_END, "graph", ready="graph"))
    (pid,) = pids(running.home)
    os.kill(pid, signal.SIGSTOP)
    await running.supervisor.stop(running.hurry)
    assert running.file("ends").read_text().split() == ["graph"]


async def test_second_interrupt_does_not_wait(running: Running) -> None:
    await running.supervisor.start(running.service("graph", STUBBORN, ready="stubborn"))
    stopping = asyncio.create_task(running.supervisor.stop(running.hurry))
    await asyncio.sleep(0.2)
    assert not stopping.done()
    running.hurry.set()
    async with asyncio.timeout(PATIENCE_S / 2):
        await stopping


async def test_kills_the_workers_that_a_process_leaves(running: Running) -> None:
    code = f"""
import pathlib, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}])
while not pathlib.Path("stubborn").exists():
    time.sleep(0.02)
part = pathlib.Path("part")
part.write_text(str(worker.pid))
part.rename("worker")
time.sleep(600)
"""
    await running.supervisor.start(running.service("graph", code, ready="worker"))
    worker = int(running.file("worker").read_text())
    assert records.birth_of(worker) is not None
    await running.supervisor.stop(running.hurry)
    await holds(lambda: records.birth_of(worker) is None)


async def test_cancelled_start_leaves_nothing_running(running: Running) -> None:
    starting = asyncio.create_task(running.supervisor.start(running.service("graph", SLEEP, ready="never")))
    await holds(lambda: pids(running.home))
    (pid,) = pids(running.home)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await running.supervisor.stop(running.hurry)
    assert records.birth_of(pid) is None


async def test_feeds_what_must_not_be_on_a_command_line(running: Running) -> None:
    code = """
import pathlib, sys, time
part = pathlib.Path("part")
part.write_text(sys.stdin.read())
part.rename("fed")
time.sleep(600)
"""
    service = running.service("valkey", code, ready="fed")
    command = msgspec.structs.replace(service.command, stdin=b"requirepass secret\n")
    await running.supervisor.start(msgspec.structs.replace(service, command=command))
    assert running.file("fed").read_text() == "requirepass secret\n"


@pytest.mark.parametrize(
    ("crashes", "seconds"),
    [(1, 0.5), (2, 1.0), (3, 2.0), (7, LONGEST_DELAY_S), (10_000, LONGEST_DELAY_S)],
    ids=["first", "second", "third", "capped", "after days"],
)
def test_waits_longer_after_each_crash(crashes: int, seconds: float) -> None:
    assert delay_s(crashes) == seconds


def test_postgres_ends_cleanly_when_asked_and_at_once_when_hurried() -> None:
    from appliance.embedded.postgres import server_command  # noqa: PLC0415 -- this test alone needs it

    command = server_command(Path("/data"), socket_folder=Path("/run"))
    assert (command.stop_signal, command.kill_signal) == (signal.SIGINT, signal.SIGQUIT)
