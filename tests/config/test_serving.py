import os
import socket
import subprocess
import sys

import pytest

from config.errors import InvalidSetting
from config.lifeline import die_with
from config.serving import require_free


def test_a_port_in_use_names_the_variable_that_moves_it():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(InvalidSetting, match=rf"SEGUE_GRAPH_PORT: cannot listen on port {port} of 127\.0\.0\.1"):
            require_free("127.0.0.1", port, variable="SEGUE_GRAPH_PORT")


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
        "die_with(os.getppid()); print('up', flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
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
