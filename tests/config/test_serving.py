import os
import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest

from config.errors import InvalidSetting
from config.lifeline import die_with
from config.serving import connections_of, require_free


def test_a_port_in_use_names_the_variable_that_moves_it():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InvalidSetting, match=rf"SEGUE_GRAPH_PORT: cannot listen on port {port} of 127\.0\.0\.1"):
            require_free("127.0.0.1", port, variable="SEGUE_GRAPH_PORT")


@pytest.mark.parametrize(
    ("files", "connections"),
    [(resource.RLIM_INFINITY, 8192), (1_000_000, 8192), (16_640, 8192), (4096, 1920), (1024, 384), (256, 1), (0, 1)],
)
def test_sockets_have_as_many_files_as_connections(files, connections):
    assert connections_of(files) == connections


def test_a_free_port_stays_free(free_port):
    port = free_port()
    require_free("127.0.0.1", port, variable="SEGUE_GRAPH_PORT")
    socket.create_server(("127.0.0.1", port)).close()


def test_a_child_of_another_parent_ends_at_once():
    another = os.getpid()  # nobody is a child of itself
    with pytest.raises(SystemExit, match=f"the parent process {another} is gone"):
        die_with(another)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_a_child_dies_with_a_killed_parent():
    child = (
        "import os, time; from config.lifeline import die_with; "
        "die_with(os.getppid()); print('up', flush=True); time.sleep(600)"
    )
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.kill()
        # The pipe's end is reached when the last process that holds it, the child, is gone.
        assert process.stdout.read() == b""


STOPPED_BETWEEN_RUNS = """
import os, signal, sys
import granian.server.mp
from config import serving

build_worker = granian.server.mp.ASGIWorker

def build_after_a_signal(*arguments):
    # Granian builds its worker after the loop's first run, the lifespan's, and before the second, which serves.
    print("signalled between the runs", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    return build_worker(*arguments)

granian.server.mp.ASGIWorker = build_after_a_signal

async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    print("shut down in order", flush=True)
    os.kill(os.getppid(), signal.SIGTERM)
    await send({"type": "lifespan.shutdown.complete"})

port = int(sys.argv[1])
serving.serve("graph", lambda: application, host="127.0.0.1", port=port, workers=1, websockets=False)
"""


def test_a_worker_hears_a_signal_that_arrives_before_its_loop_serves(free_port):
    outcome = subprocess.run(
        [sys.executable, "-c", STOPPED_BETWEEN_RUNS, str(free_port())],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "signalled between the runs" in outcome.stdout, outcome.stderr
    assert "shut down in order" in outcome.stdout, outcome.stderr


SERVED = """
import sys
from config import serving

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})

port, serving.QUIET_LIMIT_S = map(int, sys.argv[1:])
serving.serve("graph", lambda: application, host="127.0.0.1", port=port, workers=2, websockets=False)
"""
PATIENCE_S = 60


@contextmanager
def served(port, *, quiet_limit_s):
    """The address of two workers that answer everything with 200."""
    with subprocess.Popen([sys.executable, "-c", SERVED, str(port), str(quiet_limit_s)]) as process:
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not heard(("127.0.0.1", port)):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield "127.0.0.1", port
        finally:
            process.terminate()


def heard(address):
    try:
        with socket.create_connection(address, timeout=PATIENCE_S) as asking:
            asking.sendall(b"GET / HTTP/1.1\r\nHost: segue\r\n\r\n")
            return asking.recv(1000).startswith(b"HTTP/1.1 200")
    except ConnectionError:
        return False


SILENT = 1500


@contextmanager
def open_files(number):
    """Room for so many in this process."""
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= most < number:
        pytest.skip(f"needs {number} open files, the limit is {most}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limit, number), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))


def test_who_says_nothing_keeps_nobody_else_from_being_heard(free_port):
    with open_files(3 * SILENT), served(free_port(), quiet_limit_s=600) as address, ExitStack() as silent:
        for _ in range(SILENT):
            silent.enter_context(socket.create_connection(address, timeout=PATIENCE_S))
        assert heard(address)


QUIET = {
    "nothing": b"",
    "half a word of HTTP/2": b"PRI * HT",
    "half a request": b"GET / HTTP/1.1\r\nHost: segue\r\n",
    "one request and no other": b"GET / HTTP/1.1\r\nHost: segue\r\n\r\n",
}


def test_who_goes_on_saying_nothing_is_left(free_port):
    with served(free_port(), quiet_limit_s=1) as address, ExitStack() as open_ones:
        quiet = [open_ones.enter_context(socket.create_connection(address, timeout=PATIENCE_S)) for _ in QUIET]
        for connection, said in zip(quiet, QUIET.values(), strict=True):
            with suppress(ConnectionError):  # on a busy machine, it was left before it said a word
                connection.sendall(said)
        for connection in quiet:
            with suppress(ConnectionError):
                while connection.recv(1000):
                    pass  # the answer, where there is one
