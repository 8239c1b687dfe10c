"""The supervisor and its workers, as processes: who is replaced, who is told to stop, and who is not asked twice."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from config.errors import InvalidSetting
from config.workers import listener

PATIENCE_S = 120.0

SUPERVISE = """
import os, signal, sys, time
from config import workers

workers.PAUSE_S, workers.STOP_LIMIT_S = 0.01, float(sys.argv[2])

def fork_once(fork=os.fork, left=[1]):
    if not left:
        raise BlockingIOError("no process left")
    left.pop()
    return fork()

if sys.argv[1] == "refused":
    os.fork = fork_once

def work():
    if sys.argv[1] == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif sys.argv[1] == "in order":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.write(1, f"began {os.getpid()}\\n".encode())
    if sys.argv[1] == "broken":
        sys.exit(1)
    if sys.argv[1] == "in order":  # a handler would not run if the signal came right before a sleep
        signal.sigwait({signal.SIGTERM})
        os.write(1, b"ended\\n")
        sys.exit(0)
    time.sleep(600)

workers.supervise(work, workers=2)
os.write(1, b"stopped\\n")
"""


@pytest.fixture
def supervised():
    """Start a supervisor whose workers behave in this way; it is gone after the test."""
    running = []

    def start(way: str, *, stop_limit_s: float = 60) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", SUPERVISE, way, str(stop_limit_s)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        with process:
            process.kill()


def began(process: "subprocess.Popen[str]") -> int:
    """The id of the next worker that begins."""
    assert process.stdout is not None
    word, number = process.stdout.readline().split()
    assert word == "began"
    return int(number)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_the_workers_end_in_order_and_then_the_supervisor(supervised, number) -> None:
    process = supervised("in order")
    pids = {began(process), began(process)}
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert out.split() == ["ended", "ended", "stopped"]
    assert process.returncode == 0
    assert all(is_gone(pid) for pid in pids)


def test_worker_that_dies_is_replaced(supervised) -> None:
    process = supervised("usual")
    first, second = began(process), began(process)
    os.kill(first, signal.SIGKILL)
    third = began(process)
    assert third not in {first, second}
    assert not is_gone(second)
    process.terminate()
    assert process.wait(PATIENCE_S) == 0


def test_workers_that_cannot_start_are_tried_again_until_told_to_stop(supervised) -> None:
    process = supervised("broken")
    assert len({began(process) for _ in range(6)}) == 6
    process.terminate()
    assert process.communicate(timeout=PATIENCE_S)[0].split()[-1] == "stopped"


def test_worker_that_does_not_hear_is_killed(supervised) -> None:
    process = supervised("deaf", stop_limit_s=0.2)
    pids = {began(process), began(process)}
    process.terminate()
    assert process.wait(PATIENCE_S) == 0
    assert all(is_gone(pid) for pid in pids)


def test_worker_that_the_kernel_refuses_ends_the_others_and_then_the_supervisor(supervised) -> None:
    process = supervised("refused")
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "stopped" not in out


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_workers_end_with_a_supervisor_that_is_killed(supervised) -> None:
    process = supervised("deaf")
    began(process), began(process)
    process.kill()
    # The pipe's end is reached when the last process that holds it is gone.
    assert process.stdout.read() == ""


def test_port_in_use_names_the_variable_that_moves_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSetting, match=rf"SEGUE_ORIGIN_PORT: cannot listen on port {port} of 127\.0\.0\.1"):
            listener("127.0.0.1", port, variable="SEGUE_ORIGIN_PORT")


def test_listens_alone(free_port) -> None:
    port = free_port()
    with listener("127.0.0.1", port, variable="X") as one:
        assert one.getsockname() == ("127.0.0.1", port)
        with pytest.raises(InvalidSetting):
            listener("127.0.0.1", port, variable="X")
