"""What the origin writes, by scenario, to the letter. A failing test prints the command that writes the files again."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from origin import dash, hls
from origin.asset import Asset

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = "SEGUE_WRITE_GOLDEN=1 .venv/bin/pytest tests/origin/test_golden.py"

FRAME = 1024
FOUR_S = 172 * FRAME  # at 44.1 kHz
FLAC_BLOCK = 4096

SCENARIOS: dict[str, list[dict[str, Any]]] = {
    # Stored largest first, offered smallest first; AAC with priming and padding, FLAC exact.
    "a-ladder-of-two-codecs": [
        {"name": "flac", "codec_string": "fLaC", "ticks": (43 * FLAC_BLOCK,) * 2 + (99_777,), "peak": 900_000},
        {"name": "aac-320", "ticks": (FOUR_S,) * 2 + (98 * FRAME,), "priming": FRAME, "padding": 575, "peak": 330_000},
        {"name": "aac-96", "ticks": (FOUR_S,) * 2 + (98 * FRAME,), "priming": FRAME, "padding": 575, "peak": 99_000},
    ],
    # The first is shorter so that sound starts sooner; then two lengths in turn; a run of equal ones folds in the MPD.
    "a-short-first-segment": [
        {
            "name": "aac-160",
            "rate": 48_000,
            "ticks": (48 * FRAME, *(187 * FRAME, 188 * FRAME) * 2, *(187 * FRAME,) * 20),
        },
    ],
    # One segment, shorter than a second.
    "a-tenth-of-a-second": [
        {"name": "aac-160", "ticks": (6 * FRAME,), "priming": FRAME, "padding": 710},
    ],
    # The last stored segment holds padding alone and is not told.
    "padding-alone-in-the-last-segment": [
        {"name": "aac-160", "ticks": (FOUR_S, FOUR_S, FRAME), "priming": FRAME, "padding": FRAME + 100},
    ],
    # 96 kHz, mono and 5.1 beside each other.
    "mono-and-surround": [
        {"name": "flac", "codec_string": "fLaC", "rate": 96_000, "channels": 6, "ticks": (384_000, 1), "peak": 9**8},
        {"name": "aac-96", "rate": 96_000, "channels": 1, "ticks": (375 * FRAME, FRAME), "priming": FRAME},
    ],
}


def written(asset: Asset) -> dict[str, bytes]:
    playlists = {f"{rendition.name}.m3u8": hls.media_playlist(asset, rendition) for rendition in asset.renditions}
    return {"master.m3u8": hls.master_playlist(asset), "manifest.mpd": dash.manifest(asset), **playlists}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_manifests_are_the_golden_ones(scenario: str, make_asset: Callable, make_rendition: Callable) -> None:
    asset = make_asset(*(make_rendition(**values) for values in SCENARIOS[scenario]))
    folder = GOLDEN / scenario
    if os.environ.get("SEGUE_WRITE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in written(asset).items():
            (folder / name).write_bytes(content)
    golden = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert written(asset) == golden, f"look at the difference, then: {REGENERATE}"


def test_no_golden_folder_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(SCENARIOS)
