"""The 345 odd and malformed files: each decodes or has its code, within its limits, and the outcome is written down."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest.contract import FailureCode

ROOT = Path(__file__).parents[2]
BROKEN = ROOT.parent / "shared" / "audio" / "broken"
GOLDEN = ROOT / "tests" / "golden" / "broken.tsv"

needs_broken = pytest.mark.skipif(
    not BROKEN.is_dir(), reason="the malformed files of shared/audio/broken are not next to the project"
)

# A process for each file, as in the product; they are forked, for to start 345 interpreters takes minutes.
SCRIPT = """
import json, mmap, os, sys
from pathlib import Path
from ingest.isolation import child
from ingest.errors import MediaError
from ingest.containers.sniff import sniff
from ingest.stages import decode
from ingest.tasks import Decode, Limits
import av

av.logging.set_level(None)
scratch = sys.argv[1]

def outcome(path):
    try:
        header = sniff(path.read_bytes())
        task = Decode(path=str(path), header=header, pcm_path=scratch)
        decoded = decode.run(task, lambda fraction: None)
    except MediaError as error:
        return [error.failure.value, "", ""]
    info = decoded.info
    warnings = " ".join(warning.code.value for warning in decoded.warnings)
    return ["decoded", f"{header.codec} {info.sample_rate_hz} {info.channels} {info.sample_count}", warnings]

for name in sys.argv[2:]:
    path = Path(name)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        child.set_limits(Limits(memory_bytes=3 << 29, cpu_s=15, wall_s=300, file_bytes=1 << 30))
        os.write(writer, json.dumps(outcome(path)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    _, status, used = os.wait4(pid, 0)
    found = json.loads(text) if text else ["died", str(os.waitstatus_to_exitcode(status)), ""]
    print(json.dumps([path.name, *found, used.ru_utime + used.ru_stime, used.ru_maxrss]), flush=True)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: Any) -> dict[str, list[Any]]:
    """By name: outcome, what was decoded, warnings, processor time in s, memory in KiB."""
    paths = sorted(str(path) for path in BROKEN.iterdir())
    scratch = str(tmp_path_factory.mktemp("broken") / "pcm")
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, scratch, *paths],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
        text=True,
    )
    return {row[0]: row[1:] for row in map(json.loads, ran.stdout.splitlines())}


@needs_broken
def test_every_malformed_file_has_the_outcome_that_is_written_down(outcomes: dict[str, list[Any]]) -> None:
    found = "".join("\t".join([name, *row[:3]]) + "\n" for name, row in outcomes.items())
    golden = GOLDEN.read_text()
    if found != golden:
        GOLDEN.with_suffix(".found").write_text(found)
    assert found == golden, f"if the change is meant: mv {GOLDEN.with_suffix('.found')} {GOLDEN}"


@needs_broken
def test_every_malformed_file_decodes_or_has_a_code(outcomes: dict[str, list[Any]]) -> None:
    allowed = {code.value for code in FailureCode} - {"internal", "resource_limit"} | {"decoded"}
    assert len(outcomes) == 345
    assert {name: row[0] for name, row in outcomes.items() if row[0] not in allowed} == {}


@needs_broken
def test_no_malformed_file_takes_much(outcomes: dict[str, list[Any]]) -> None:
    """Far below the limits of 15 s and 1.5 GiB, which would have ended it."""
    assert max(row[3] for row in outcomes.values()) < 15
    assert max(row[4] for row in outcomes.values()) < 3 << 19


@needs_broken
def test_playlists_dressed_up_as_audio_are_refused(outcomes: dict[str, list[Any]]) -> None:
    assert outcomes["evil.mp3"][0] == outcomes["evil2.wav"][0] == "unsupported_container"
