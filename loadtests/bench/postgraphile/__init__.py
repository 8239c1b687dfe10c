"""PostGraphile on the same tables, for the same page: what a compiling server of another language takes for it.

It is installed by npm from the lock file beside this module, into a folder of the run. It asks for Node 22; where the
PATH has an older one, npm brings that too.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import jwt

from loadtests.bench.serving import served

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", "serve.mjs")
NODE_MAJOR = 22
INSTALL_TIMEOUT_S = 600
LABEL = "PostGraphile 5.1.5, one process"

PAGE = """
query Page($user: UUID!, $after: Cursor) {
  allLikedTracks(condition: {userId: $user}, orderBy: [CREATED_AT_DESC], first: 20, after: $after) {
    edges {
      cursor
      node {
        trackByTrackId {
          id title explicit
          assetsByAssetId(orderBy: [REVISION_DESC], first: 1) { nodes { durationMs } }
          artistByArtistId { id name }
          albumByAlbumId { id title releaseDate }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


class NotInstalled(Exception):
    """PostGraphile is not there; the message says why."""


def user_of(token: str) -> str:
    """The key of an account, of which PostGraphile hears in a variable: it checks no tokens."""
    claims: Mapping[str, str] = jwt.decode(token, options={"verify_signature": False})
    return claims["sub"]


@contextmanager
def postgraphile(settings: Mapping[str, str], folder: Path) -> Iterator[str]:
    """PostGraphile, installed and serving; answers its address. Raises NotInstalled."""
    command = [_installed(folder), str(folder / "serve.mjs")]
    with served(command, {"postgres_url": settings["SEGUE_POSTGRES_URL"]}, folder=folder) as url:
        yield url


def _installed(folder: Path) -> str:
    """The Node to run it with, once everything is in the folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled("no npm on the PATH")
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(HERE / name, folder / name)
    node = _recent_node()
    without = ["--omit=optional"] if node else []
    command = [npm, "ci", "--no-audit", "--no-fund", *without]
    ended = subprocess.run(  # noqa: S603 -- ours
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT_S
    )
    if ended.returncode:
        raise NotInstalled(f"npm could not install it: {ended.stderr.strip()[-200:]}")
    return node or str(folder / "node_modules" / ".bin" / "node")


def _recent_node() -> str | None:
    """The Node of the PATH, if it is new enough."""
    node = shutil.which("node")
    if node is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 -- as above
    major = told.strip().removeprefix("v").partition(".")[0]
    return node if major.isdigit() and int(major) >= NODE_MAJOR else None
