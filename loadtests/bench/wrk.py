"""GraphQL requests by wrk: its script, and what it measures.

The requests are asked in turns, each with its own account, so that no row and no answer is the same all the time. wrk
looks at the status of an answer alone; that none of them holds errors is seen before the clock starts.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from loadtests.bench.harness import Served

CONNECTIONS = 16
OPTIONS = ("-t1", f"-c{CONNECTIONS}", "-d8s")

SCRIPT = """
local requests, at = {}, 0
init = function() -- only from here on wrk knows the Host, which every request has to name
  for line in io.lines("%(requests)s") do
    local token, body = line:match("^(%%S+)\\t(.*)$")
    requests[#requests + 1] = wrk.format("POST", "/graphql",
      {["content-type"] = "application/json", ["accept"] = "application/json",
       ["authorization"] = "Bearer " .. token}, body)
  end
end
request = function()
  at = at %% #requests + 1
  return requests[at]
end
done = function(summary, latency)
  io.write(string.format("latency %%d %%d\\n", latency:percentile(50), latency:percentile(99)))
end
"""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request: who asks, and what."""

    token: str
    query: str
    variables: dict[str, object]

    @property
    def body(self) -> str:
        return json.dumps({"query": self.query, "variables": self.variables})


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A server and what it is asked."""

    label: str
    url: str
    asks: Sequence[Ask]


class Refused(Exception):
    """A server did not answer as it has to be to be measured; the message holds the answer."""


def missing_tool() -> str | None:
    """Why there can be no rows on this machine; None when there can."""
    return None if shutil.which("wrk") else "no wrk on the PATH"


async def answered(url: str, asks: Sequence[Ask]) -> list[Any]:
    """The data of each answer. Raises Refused for one with errors."""
    found = []
    async with aiohttp.ClientSession() as http:
        for ask in asks:
            headers = {"authorization": f"Bearer {ask.token}", "content-type": "application/json"}
            async with http.post(f"{url}/graphql", data=ask.body, headers=headers) as answer:
                body = await answer.json(content_type=None)
            if body.get("errors") or not body.get("data"):
                raise Refused(json.dumps(body)[:2000])
            found.append(body["data"])
    return found


async def in_turns(targets: Sequence[Target], *, rounds: int, folder: Path) -> list[Served]:
    """What each target serves, one after the other in every round, so that noise meets all alike. Raises Refused.

    The first round warms caches, pools and plans, and does not count.
    """
    scripts = [_script(target, folder / str(number)) for number, target in enumerate(targets)]
    taken: list[list[tuple[float, float, float]]] = [[] for _ in targets]
    for _ in range(rounds + 1):
        for target, script, found in zip(targets, scripts, taken, strict=True):
            found.append(await asyncio.to_thread(_run, target.url, script))
    return [_served(target.label, found[1:]) for target, found in zip(targets, taken, strict=True)]


def _served(label: str, taken: Sequence[tuple[float, float, float]]) -> Served:
    rates, halves, mosts = zip(*taken, strict=True)
    return Served(label=label, per_second=rates, p50_s=halves, p99_s=mosts)


def _script(target: Target, folder: Path) -> Path:
    folder.mkdir(parents=True)
    lines = folder / "requests.txt"
    lines.write_text("".join(f"{ask.token}\t{ask.body}\n" for ask in target.asks), encoding="utf-8")
    script = folder / "requests.lua"
    script.write_text(SCRIPT % {"requests": lines}, encoding="utf-8")
    return script


def _run(url: str, script: Path) -> tuple[float, float, float]:
    command = ["wrk", *OPTIONS, "-s", str(script), url]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 -- ours
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", printed)
    latency = re.search(r"latency (\d+) (\d+)", printed)
    if rate is None or latency is None or "Non-2xx" in printed or "Socket errors" in printed:
        raise Refused(printed)
    return float(rate[1]), int(latency[1]) / 1e6, int(latency[2]) / 1e6
