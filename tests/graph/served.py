"""Graph processes beside the test's own: real ones, on the test's services, each at a port of its own."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_S = 120.0
SERVE = "import json, sys; from graph.server import serve; serve(json.load(sys.stdin))"

Child = subprocess.Popen[str]


def start(environment: dict[str, str], *, port: int) -> Child:
    """A process that serves the API at the port, or is about to; its settings stand in no list of processes."""
    child = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, text=True, env={"PATH": os.defpath}, cwd=ROOT
    )
    assert child.stdin is not None
    with child.stdin:
        child.stdin.write(json.dumps({**environment, "SEGUE_GRAPH_PORT": str(port)}))
    return child


def wait_until_ready(url: str, child: Child) -> None:
    deadline = time.monotonic() + START_S
    while True:
        assert child.poll() is None, f"the graph process ended with {child.returncode}"
        assert time.monotonic() < deadline, "the graph process is not ready"
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
