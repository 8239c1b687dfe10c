"""The 345 odd and malformed files: each becomes an asset or has its code, and the outcome is written down."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest.contract import FailureCode
from tests.recordings import BROKEN, needs_broken

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "broken.tsv"

Rows = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: Any) -> Rows:
    """What `odd_files` tells, by name."""
    paths = sorted(str(path) for path in BROKEN.iterdir())
    folder = str(tmp_path_factory.mktemp("broken"))
    ran = subprocess.run(
        [sys.executable, "-m", "tests.ingest.odd_files", folder, *paths],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=1800,
        text=True,
    )
    return {row["name"]: row for row in map(json.loads, ran.stdout.splitlines())}


@needs_broken
def test_every_malformed_file_has_the_outcome_that_is_written_down(outcomes: Rows) -> None:
    lines = ((row["name"], row["outcome"], row["decoded"], " ".join(row["warnings"])) for row in outcomes.values())
    found = "".join("\t".join(line) + "\n" for line in lines)
    golden = GOLDEN.read_text()
    if found != golden:
        GOLDEN.with_suffix(".found").write_text(found)
    assert found == golden, f"if the change is meant: mv {GOLDEN.with_suffix('.found')} {GOLDEN}"


@needs_broken
def test_every_malformed_file_becomes_an_asset_or_has_a_code(outcomes: Rows) -> None:
    allowed = {code.value for code in FailureCode} - {"internal", "resource_limit"} | {"asset"}
    assert len(outcomes) == 345
    assert {name: row["outcome"] for name, row in outcomes.items() if row["outcome"] not in allowed} == {}


@needs_broken
def test_no_malformed_file_takes_much(outcomes: Rows) -> None:
    """To be decoded, in processor time; and of memory all the way. It is far below what would have ended it."""
    assert max(row["cpu_s"] for row in outcomes.values()) < 15
    assert max(row["memory_kib"] for row in outcomes.values()) < 3 << 19


@needs_broken
def test_no_malformed_file_makes_another_be_opened(outcomes: Rows) -> None:
    """The fence stands between FFmpeg and other files; this is what is opened on the way to it."""
    for name, row in outcomes.items():
        first, *others = row["opened"]
        assert Path(first).name == name
        assert [Path(other).name for other in others] in ([], [name, "master.pcm"])


@needs_broken
def test_playlists_dressed_up_as_audio_are_refused(outcomes: Rows) -> None:
    """By their first bytes, before any library is asked: there is nothing that could follow them."""
    for name in ("evil.mp3", "evil2.wav"):
        assert outcomes[name]["outcome"] == "unsupported_container"
        assert outcomes[name]["opened"] == [str(BROKEN / name)]
