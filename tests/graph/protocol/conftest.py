"""Tools of others, run by Node: `npm ci` in this folder installs what package.json names, `.ci/run` does it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
NODE = shutil.which("node")
PATIENCE_S = 120

Tool = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def tool() -> Tool:
    """Run a script of this folder, or a command that npm has put there, and answer what it printed."""
    if NODE is None:
        pytest.skip("no node on the PATH (Debian's package nodejs)")
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip("the tools are not installed (npm ci in tests/graph/protocol)")

    def run(script: str, *arguments: str, cwd: Path = FOLDER, **variables: str) -> "subprocess.CompletedProcess[str]":
        command = FOLDER / (script if script.endswith("js") else f"node_modules/.bin/{script}")
        return subprocess.run(
            [str(NODE), str(command), *arguments],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={"PATH": os.defpath, **variables},
            timeout=PATIENCE_S,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def told(tool: Tool) -> Callable[..., Any]:
    """What a script of this folder prints, as JSON."""

    def run(script: str, *arguments: str) -> Any:
        ended = tool(script, *arguments)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run
