"""`segue up` as a person runs it: the real command, the real services, signals from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SEGUE = Path(sys.executable).with_name("segue")
START_LIMIT_S = 180.0
STOP_LIMIT_S = 90.0
RUN_LIMIT_S = 180.0
PORTS = ("SEGUE_GRAPH_PORT", "SEGUE_ORIGIN_PORT", "SEGUE_S3_PORT", "SEGUE_VALKEY_PORT")

proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to look for survivors")


class Place:
    """A home folder, the variables of a terminal that works on it, and the commands typed there."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.home = folder / "home"
        self.output = folder / "output"
        self.variables = {**variables, "SEGUE_HOME": str(self.home)}

    def run(self, *arguments: str, **more: Any) -> "subprocess.CompletedProcess[str]":
        command = [SEGUE, *arguments]
        return subprocess.run(
            command, env=self.variables, capture_output=True, text=True, check=False, timeout=RUN_LIMIT_S, **more
        )

    @contextmanager
    def up(self) -> Iterator["subprocess.Popen[bytes]"]:
        with self.output.open("wb") as output:
            process = subprocess.Popen([SEGUE, "up", "--no-demo"], env=self.variables, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=STOP_LIMIT_S)
            finally:
                process.kill()
                process.wait()

    def until(self, text: str, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while text not in self.said():
            assert process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def said(self) -> str:
        return self.output.read_text()

    def survivors(self) -> list[str]:
        """The command lines of processes that stand in the home folder: every child does."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and (folder / "cwd").readlink().is_relative_to(self.home):
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def until_running(self, program: str) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not any(program in line for line in self.survivors()):
            assert time.monotonic() < deadline, self.survivors()
            time.sleep(0.01)

    def empties(self) -> bool:
        deadline = time.monotonic() + STOP_LIMIT_S
        while self.survivors() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.survivors()

    def pid(self, name: str) -> int:
        text = (self.home / "run" / f"{name}.process").read_text()
        return int(text.partition('"pid":')[2].partition(",")[0])


def variables(free_port: Callable[[], int]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    return {**own, **{name: str(free_port()) for name in PORTS}}


@pytest.fixture
def place(tmp_path: Path, free_port: Callable[[], int]) -> Place:
    return Place(tmp_path, variables(free_port))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Place]:
    """One appliance for the tests that do not stop it."""
    there = Place(tmp_path_factory.mktemp("running"), variables(free_port))
    with there.up() as process:
        there.until("Segue is ready", process)
        yield there


def test_doctor_finds_everything_well(running: Place) -> None:
    outcome = running.run("doctor")
    marks = [line.split()[:2] for line in outcome.stdout.splitlines()]
    assert marks == [["ok", name] for name in ("PostgreSQL", "Valkey", "S3", "graph", "origin", "disk")]
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_second_terminal_need_not_be_told_the_ports(running: Place) -> None:
    untold = {name: value for name, value in running.variables.items() if name not in PORTS}
    outcome = subprocess.run(
        [SEGUE, "doctor"], env=untold, capture_output=True, text=True, check=False, timeout=RUN_LIMIT_S
    )
    assert outcome.returncode == 0, outcome.stdout
    assert f"ready at 127.0.0.1:{running.variables['SEGUE_GRAPH_PORT']}" in outcome.stdout


@pytest.mark.parametrize(("service", "subject"), [("valkey", "Valkey"), ("s3", "S3"), ("postgres", "PostgreSQL")])
def test_doctor_names_what_hangs_and_what_mends_it(running: Place, service: str, subject: str) -> None:
    os.kill(running.pid(service), signal.SIGSTOP)
    try:
        outcome = running.run("doctor")
    finally:
        os.kill(running.pid(service), signal.SIGCONT)
    ill = {line.split()[1]: line for line in outcome.stdout.splitlines() if line.startswith("!!")}
    assert "does not answer" in ill[subject]
    assert "nothing at" not in outcome.stdout  # graph and origin are there; they wait for the one that hangs
    assert f"logs/{service}.log" in ill[subject]
    assert outcome.returncode == 1


def test_second_up_on_the_same_home_is_refused(running: Place) -> None:
    outcome = running.run("up", "--no-demo")
    assert outcome.returncode == 1
    assert outcome.stderr.splitlines() == [
        f"segue: another `segue up` is running on {running.home}; stop it first, or choose another folder by --home"
    ]


def test_ready_summary_shows_where_everything_is(running: Place) -> None:
    graph, origin, store, _ = (running.variables[name] for name in PORTS)
    for address in (
        f"http://127.0.0.1:{graph}/graphql",
        f"http://127.0.0.1:{origin}",
        f"http://127.0.0.1:{store} (bucket segue)",
        "postgres, s3, valkey",
        str(running.home),
    ):
        assert address in running.said()


def test_no_secret_is_printed_or_logged(running: Place) -> None:
    secrets = (running.home / "credentials.json").read_text().split('"')[3::4]
    assert len(secrets) == 9
    texts = [running.said(), *(log.read_text() for log in (running.home / "logs").glob("*.log"))]
    assert len(texts) >= 7
    assert [secret for secret in secrets for text in texts if secret in text] == []


@proc
def test_killed_graph_comes_back(running: Place) -> None:
    before = running.pid("graph")
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + START_LIMIT_S
    while "graph ended with status -9; starting it again in 0.5 s" not in running.said():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while running.run("doctor").returncode != 0:
        assert time.monotonic() < deadline, running.said()
    assert running.pid("graph") != before


@proc
def test_killed_supervisor_takes_a_running_job_with_it(place: Place, tmp_path: Path) -> None:
    master = tmp_path / "master.wav"
    with wave.open(str(master), "wb") as stream:
        stream.setparams((2, 2, 48_000, 0, "NONE", "not compressed"))
        stream.writeframes(bytes(range(256)) * 750 * 120)
    with place.up() as process:
        place.until("Segue is ready", process)
        place.run("user", "create", "artist@example.com", "--role", "artist", "--password-stdin", input="a b c d e f\n")
        with subprocess.Popen(
            [SEGUE, "import", "--as", "artist@example.com", master], env=place.variables, stdout=subprocess.DEVNULL
        ) as importing:
            place.until_running("ingest.isolation.child")
            process.kill()
            process.wait()
            importing.kill()
        assert place.empties(), place.survivors()


@proc
def test_killed_supervisor_leaves_nothing_and_the_next_start_finds_the_data(place: Place) -> None:
    with place.up() as process:
        place.until("Segue is ready", process)
        made = place.run(
            "user", "create", "kept@example.com", "--role", "listener", "--password-stdin", input="a b c d e f\n"
        )
        assert made.returncode == 0, made.stderr
        assert len(place.survivors()) >= 6
        process.kill()
        process.wait()
        assert place.empties(), place.survivors()
    with place.up() as process:
        place.until("Segue is ready", process)
        assert place.run("token", "kept@example.com").stdout.count(".") == 2  # a JWT
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=STOP_LIMIT_S) == 0
        assert place.survivors() == []
    assert place.said().splitlines()[-2:] == ["Stopping ...", "Stopped."]


@proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_signal_during_the_start_stops_it(place: Place, number: signal.Signals) -> None:
    with place.up() as process:
        deadline = time.monotonic() + START_LIMIT_S
        while not (place.home / "run" / "s3.process").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(timeout=STOP_LIMIT_S) == 0
    assert place.survivors() == []
    assert "ready" not in place.said()


@pytest.mark.parametrize("variable", PORTS)
def test_port_in_use_is_one_sentence_and_nothing_runs(place: Place, variable: str) -> None:
    with socket.create_server(("127.0.0.1", int(place.variables[variable]))):
        outcome = place.run("up", "--no-demo")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    (line,) = outcome.stderr.splitlines()
    assert line.startswith(f"segue: port {place.variables[variable]}, which ")
    assert line.endswith(f"set {variable} to a free port")
    assert place.survivors() == []


@proc
def test_process_that_cannot_start_stops_everything(place: Place) -> None:
    place.variables["SEGUE_ACCESS_TOKEN_KEY"] = "no key"
    outcome = place.run("up", "--no-demo")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("segue: ")
    assert "Traceback" not in outcome.stderr
    assert place.survivors() == []


def test_half_a_home_is_one_sentence(place: Place) -> None:
    (place.home / "s3" / "segue").mkdir(parents=True)
    outcome = place.run("up", "--no-demo")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    (line,) = outcome.stderr.splitlines()
    assert "credentials.json is missing" in line
    assert place.survivors() == []


def test_wrong_setting_is_one_sentence(place: Place) -> None:
    place.variables["SEGUE_AAC_CODER"] = "best"
    outcome = place.run("up", "--no-demo")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr.splitlines() == ["segue: SEGUE_AAC_CODER: must be one of twoloop, fast, not 'best'"]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip(f"needs the right to mount a file system of {size}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_disk_without_room_is_one_sentence(place: Place, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "16m") as disk:
        outcome = place.run("up", "--no-demo", "--home", str(disk / "home"))
    assert (outcome.returncode, outcome.stdout) == (1, "")
    (line,) = outcome.stderr.splitlines()
    assert "has 16 MiB free, and 1024 MiB are needed" in line


@pytest.mark.parametrize("size", ["16k", "1m", "10m", "40m"])
def test_disk_that_fills_up_during_the_start_is_one_sentence(place: Place, tmp_path: Path, size: str) -> None:
    with small_disk(tmp_path / "small", size) as disk:
        code = "from appliance import cli, preflight; preflight.ROOM_BYTES = 0; cli.main(['up', '--no-demo'])"
        outcome = subprocess.run(
            [sys.executable, "-c", code],
            env={**place.variables, "SEGUE_HOME": str(disk / "home")},
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_LIMIT_S,
        )
    assert (outcome.returncode, outcome.stdout) == (1, "")
    (line,) = outcome.stderr.splitlines()
    assert line.endswith("; free some and start again")


def test_doctor_of_a_home_that_was_never_made_says_how_to_make_it(place: Place) -> None:
    outcome = place.run("doctor")
    assert outcome.returncode == 1
    assert outcome.stdout.splitlines() == [f"!!  home  {place.home} was not made yet -- run `make up` once"]
