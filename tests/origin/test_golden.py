"""What the origin writes, by scenario, to the letter. A failing test prints the command that writes the files again."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from origin import dash, hls
from origin.asset import Asset
from origin.ladder import groups
from origin.presentation import Track
from origin.protection.scheme import Scheme
from origin.protection.signalling import MP4_PROTECTION, Child, ContentProtection, KeyTag, Signalling

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = "SEGUE_WRITE_GOLDEN=1 .venv/bin/pytest tests/origin/test_golden.py"

FRAME = 1024
FOUR_S = 172 * FRAME  # at 44.1 kHz
FLAC_BLOCK = 4096

SCENARIOS: dict[str, list[dict[str, Any]]] = {
    # Stored largest first, offered smallest first; AAC with priming and padding, FLAC exact.
    "a-ladder-of-two-codecs": [
        {"name": "flac", "ticks": (43 * FLAC_BLOCK,) * 2 + (99_777,), "peak_bandwidth_bps": 900_000},
        {
            "name": "aac-320",
            "ticks": (FOUR_S,) * 2 + (98 * FRAME,),
            "priming_samples": FRAME,
            "padding_samples": 575,
            "peak_bandwidth_bps": 330_000,
        },
        {
            "name": "aac-96",
            "ticks": (FOUR_S,) * 2 + (98 * FRAME,),
            "priming_samples": FRAME,
            "padding_samples": 575,
            "peak_bandwidth_bps": 99_000,
        },
    ],
    # The first is shorter so that sound starts sooner; then two lengths in turn; a run of equal ones folds in the MPD.
    "a-short-first-segment": [
        {
            "name": "aac-160",
            "sample_rate_hz": 48_000,
            "ticks": (48 * FRAME, *(187 * FRAME, 188 * FRAME) * 2, *(187 * FRAME,) * 20),
        },
    ],
    # One segment, shorter than a second.
    "a-tenth-of-a-second": [
        {"name": "aac-160", "ticks": (6 * FRAME,), "priming_samples": FRAME, "padding_samples": 710},
    ],
    # The last stored segment holds padding alone and is not told.
    "padding-alone-in-the-last-segment": [
        {"name": "aac-160", "ticks": (FOUR_S, FOUR_S, FRAME), "priming_samples": FRAME, "padding_samples": FRAME + 100},
    ],
    # Three codecs, Opus at its own rate; a title that no quoted-string can hold.
    "three-codecs": [
        {"name": "aac-160", "ticks": (FOUR_S, 98 * FRAME), "priming_samples": FRAME, "padding_samples": 575},
        {
            "name": "opus-96",
            "sample_rate_hz": 48_000,
            "ticks": (192_000, 108_480),
            "priming_samples": 312,
            "padding_samples": 177,
            "peak_bandwidth_bps": 101_000,
        },
        {"name": "flac", "ticks": (43 * FLAC_BLOCK, 98_729), "peak_bandwidth_bps": 900_000},
    ],
    # 96 kHz, mono and 5.1 beside each other.
    "mono-and-surround": [
        {"name": "flac", "sample_rate_hz": 96_000, "channels": 6, "ticks": (384_000, 1), "peak_bandwidth_bps": 9**8},
        {
            "name": "aac-96",
            "sample_rate_hz": 96_000,
            "channels": 1,
            "ticks": (375 * FRAME, FRAME),
            "priming_samples": FRAME,
        },
    ],
}


DERIVED = ("three-codecs-protected", "an-album", "an-album-protected")

SECOND: list[dict[str, Any]] = [  # of the album: without Opus, with another AAC, FLAC at another rate
    {
        "name": "aac-160",
        "ticks": (50 * FRAME,),
        "priming_samples": FRAME,
        "padding_samples": 24,
        "peak_bandwidth_bps": 171_000,
    },
    {
        "name": "aac-320",
        "ticks": (50 * FRAME,),
        "priming_samples": FRAME,
        "padding_samples": 24,
        "peak_bandwidth_bps": 333_000,
    },
    {"name": "flac", "sample_rate_hz": 96_000, "ticks": (109_715,), "peak_bandwidth_bps": 1_800_000},
]

KEYS = Signalling(
    scheme=Scheme.CBCS,
    segments_per_period=1,
    periods=tuple(
        (KeyTag(method="SAMPLE-AES", uri=f"../keys/{period}.key", iv=bytes([period] * 16)),) for period in range(2)
    ),
    content_protections=(
        ContentProtection(scheme_id_uri=MP4_PROTECTION, value="cbcs", default_kid=UUID(int=7)),
        ContentProtection(
            scheme_id_uri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e",
            value="ClearKey1.0",
            children=(Child(name="{urn:mpeg:cenc:2013}pssh", text="AAAA"),),
        ),
    ),
)


def written(presentation: Sequence[Track]) -> dict[str, bytes]:
    names = [variant.name for group in groups([track.asset for track in presentation]) for variant in group.variants]
    playlists = {f"{name}.m3u8": hls.media_playlist(presentation, name) for name in names}
    return {"master.m3u8": hls.master_playlist(presentation), "manifest.mpd": dash.manifest(presentation), **playlists}


@pytest.fixture
def presentations(make_asset: Callable, make_rendition: Callable) -> dict[str, list[Track]]:
    """Every scenario alone; of the one with three codecs also an album, and the protected form of both."""

    def asset(renditions: list[dict[str, Any]], number: int) -> Asset:
        made = make_asset(
            *(make_rendition(**values, **sized(**values)) for values in renditions), asset_id=UUID(int=number)
        )
        return msgspec.structs.replace(made, title=f'The "{number}"')

    alone = {name: [Track(asset=asset(renditions, 1))] for name, renditions in SCENARIOS.items()}
    (first,), second = alone["three-codecs"], Track(asset=asset(SECOND, 2), base="../../../t2/a/2/1/")
    album = [msgspec.structs.replace(first, base="../../../t1/a/1/1/"), second]
    return {
        **alone,
        "three-codecs-protected": protected([first]),
        "an-album": album,
        "an-album-protected": protected(album),
    }


def sized(
    *, ticks: tuple[int, ...], sample_rate_hz: int = 44_100, peak_bandwidth_bps: int = 170_000, **_: object
) -> dict[str, Any]:
    """Segments that are all as dense as the densest."""
    return {"segment_bytes": tuple(max(1, count * peak_bandwidth_bps // (8 * sample_rate_hz)) for count in ticks)}


def protected(presentation: list[Track]) -> list[Track]:
    return [msgspec.structs.replace(track, signalling=KEYS) for track in presentation]


@pytest.mark.parametrize("scenario", [*SCENARIOS, *DERIVED])
def test_manifests_are_the_golden_ones(scenario: str, presentations: dict[str, list[Track]]) -> None:
    folder, texts = GOLDEN / scenario, written(presentations[scenario])
    if os.environ.get("SEGUE_WRITE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in texts.items():
            (folder / name).write_bytes(content)
    golden = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert texts == golden, f"look at the difference, then: {REGENERATE}"


def test_no_golden_folder_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {*SCENARIOS, *DERIVED}
