"""Takes odd files through the stages of a job: `python -m tests.ingest.odd_files FOLDER FILE...`, a line for each.

The stages are those of `ingest.pipeline`, and the processes too: one decodes a file behind the fence and with limits,
another makes the asset of what it decoded. They are forked, for to start some hundred interpreters takes minutes; the
pool's tasks are done one after the other in the second.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import msgspec

from config.settings import LADDER
from ingest.assembly import assemble
from ingest.containers.sniff import sniff
from ingest.contract import Job
from ingest.errors import MediaError
from ingest.features.record import Features
from ingest.isolation import child
from ingest.isolation.messages import Limits
from ingest.pipeline import CHILD_LIMITS
from ingest.progressive.labels import Labels
from ingest.renditions import ladder
from ingest.renditions.finished import Finished
from ingest.renditions.production import Sources, derive, render_all
from ingest.renditions.recipe import Recipe
from ingest.tasks import Analyse, Decode, Decoded, Measure, Measured, Source

DECODER_LIMITS = Limits(memory_bytes=3 << 29, cpu_s=15, wall_s=300, file_bytes=1 << 30)
LABELS = Labels(title="T", artist="A", album="", isrc="")
RUNGS = ladder.parse(LADDER.read_text("utf-8"))
CHEAP = {"opus-24", "flac"}  # one that is resampled, and one that has to be the master bit for bit


class Read(msgspec.Struct, frozen=True):
    """What the first process found."""

    codec: str
    lossless: bool
    decoded: Decoded


class Pool:
    """Does the tasks of the worker's pool right here."""

    async def run(self, task: Any, _watch: Any) -> Any:
        return child.PERFORMERS[type(task)](task, _ignore)


class Shelf:
    """Keeps nothing."""

    async def find(self, _rung_name: str) -> None:
        return None

    async def keep(self, finished: Finished, files: Mapping[str, Path]) -> None:
        pass


def _ignore(_fraction: float) -> None:
    pass


async def _watch(_fraction: float) -> None:
    pass


def read(path: Path, folder: Path) -> Read:
    """Runs in the first process. Raises MediaError."""
    header = sniff(path.read_bytes())
    task = Decode(path=str(path), header=header, pcm_path=str(folder / "master.pcm"))
    decoded = child.PERFORMERS[Decode](task, _ignore)
    assert isinstance(decoded, Decoded)
    return Read(header.codec, header.lossless, decoded)


async def make(found: Read, folder: Path) -> list[str]:
    """Runs in the second process; returns what quality control says of an asset that was made. Raises MediaError."""
    info, pcm, pool = found.decoded.info, str(folder / "master.pcm"), Pool()
    blocks = str(folder / "loudness.blocks")
    task = Measure(pcm_path=pcm, info=info, lossless_container=found.lossless, blocks_path=blocks)
    measured: Measured = await pool.run(task, _watch)
    features: Features = await pool.run(Analyse(pcm_path=pcm, info=info, reading=measured.master), _watch)
    assert msgspec.json.decode(msgspec.json.encode(features), type=Features) == features
    rungs = rungs_for(info.sample_count / info.sample_rate_hz)
    recipe = Recipe(ladder=rungs, target_lufs=-14.0, aac_coder="twoloop")
    master = Source(pcm_path=pcm, info=info, reading=measured.master)
    derived = await derive(rungs, info, pool=pool, folder=folder)
    sources = Sources(master=master, pcm_sha256=measured.pcm_sha256, derived=derived.sources, labels=LABELS)
    finished = await render_all(rungs, sources, recipe=recipe, pool=pool, folder=folder, shelf=Shelf(), watch=_watch)
    job = Job(asset_id=UUID(int=1), revision=1, upload_key="", file_name="", size_bytes=1, sha256="", title="T")
    asset = assemble(job, info, measured, finished)
    assert len(asset.renditions) + len(asset.progressive) == sum(len(rung.files) for rung in rungs)
    return [warning.code.value for warning in (*found.decoded.warnings, *measured.warnings)]


def rungs_for(seconds: float) -> tuple[ladder.Rung, ...]:
    """The shorter, the more: what is odd about encoding is odd about the shortest, and the longest take minutes."""
    if seconds <= 1:
        return RUNGS
    return tuple(rung for rung in RUNGS if rung.name in (CHEAP if seconds <= 60 else {"flac"}))


def forked(limits: Limits, step: Callable[[], Any]) -> tuple[dict[str, Any], float, int]:
    """What the step gives or how it ended, its processor time in s, its memory in KiB."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what is logged must not get between the lines
        child.set_limits(limits)
        os.write(writer, msgspec.json.encode(_answer(step)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    _, status, used = os.wait4(pid, 0)
    answered = json.loads(text) if text else {"outcome": f"died of {os.waitstatus_to_exitcode(status)}", "opened": []}
    return answered, used.ru_utime + used.ru_stime, used.ru_maxrss


def _answer(step: Callable[[], Any]) -> dict[str, Any]:
    opened: list[str] = []
    sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
    try:
        return {"outcome": "asset", "result": step(), "opened": opened}
    except MediaError as error:
        return {"outcome": error.failure.value, "opened": opened}
    except Exception as error:  # noqa: BLE001 -- the line says which file it was
        traceback.print_exc()
        return {"outcome": f"died of {type(error).__name__}", "opened": opened}


def line(path: Path, folder: Path) -> dict[str, Any]:
    """What became of a file; `opened` is what the first process opened, but for what the fence refuses to libraries."""
    answered, cpu_s, memory_kib = forked(DECODER_LIMITS, lambda: read(path, folder))
    row = {
        "name": path.name,
        "outcome": answered["outcome"],
        "decoded": "",
        "warnings": [],
        "opened": answered["opened"],
        "cpu_s": cpu_s,
        "memory_kib": memory_kib,
    }
    if answered["outcome"] != "asset":
        return row
    found = msgspec.convert(answered["result"], Read)
    made, _, memory_kib = forked(CHILD_LIMITS, lambda: asyncio.run(make(found, folder)))
    info = found.decoded.info
    return {
        **row,
        "outcome": made["outcome"],
        "decoded": f"{found.codec} {info.sample_rate_hz} {info.channels} {info.sample_count}",
        "warnings": made.get("result", []),
        "memory_kib": max(row["memory_kib"], memory_kib),
    }


if __name__ == "__main__":
    av.logging.set_level(None)
    for name in sys.argv[2:]:
        print(json.dumps(line(Path(name), Path(sys.argv[1]))), flush=True)  # noqa: T201 -- it is a command
