"""The playlists before hls-parser in its strict mode (Node), which refuses what RFC 8216 forbids."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"

PROGRAM = """
const HLS = require("hls-parser");
HLS.setOptions({strictMode: true});
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const told = texts.map((text) => {
  try {
    const list = HLS.parse(text);
    return list.isMasterPlaylist
      ? {variants: list.variants.map((each) => [each.uri, each.codecs, each.audio.length])}
      : {segments: list.segments.length, seconds: list.segments.reduce((sum, each) => sum + each.duration, 0)};
  } catch (error) {
    return {error: String(error)};
  }
});
console.log(JSON.stringify(told));
"""


def parsed(texts: list[str]) -> list[dict]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no `node`")
    places = ("node_modules", "tests/*/node_modules", "tests/e2e/*/node_modules")
    folder = next((path for place in places for path in ROOT.glob(f"{place}/hls-parser")), None)
    if folder is None:
        pytest.skip("no hls-parser in a node_modules of the project")
    run = subprocess.run(
        [node, "-e", PROGRAM],
        input=json.dumps(texts).encode(),
        capture_output=True,
        check=True,
        timeout=120,
        env={"NODE_PATH": str(folder.parent)},
    )
    told: list[dict] = json.loads(run.stdout)
    return told


def test_strict_parser_takes_every_golden_playlist() -> None:
    paths = sorted(GOLDEN.glob("*/*.m3u8"))
    for path, told in zip(paths, parsed([path.read_text() for path in paths]), strict=True):
        text = path.read_text()
        assert "error" not in told, f"{path}: {told}"
        if path.name == "master.m3u8":
            assert len(told["variants"]) == text.count("#EXT-X-STREAM-INF")
            assert all(groups == 1 for _, _, groups in told["variants"])
        else:
            assert told["segments"] == text.count("#EXTINF")


def test_strict_parser_refuses_a_broken_one() -> None:
    text = (GOLDEN / "three-codecs" / "aac-160.m3u8").read_text()
    (told,) = parsed([text.replace("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:1")])
    assert "error" in told
