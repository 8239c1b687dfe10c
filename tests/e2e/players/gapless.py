"""Measures the join of two tracks in Chromium: two halves of one recording, played as one presentation.

    .venv/bin/python -m tests.e2e.players.gapless [FOLDER]

The halves are encoded and packaged as ingest does it, each by itself, and the manifests are the origin's. Each player
plays them in real time while Web Audio records what the element gives out. The recording is noise, in which every place
sounds otherwise: where a stretch of it lies in what was heard is known to the sample. What lies later behind the join
than before it was put in between, and what lies earlier was lost. It takes four
minutes. Decision 0079 has the figures; no test depends on it.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from scipy.signal import butter, correlate, sosfilt

from ingest.cmaf.segmentation import frames_a_segment
from ingest.cmaf.track_file import Track as TrackFile
from ingest.cmaf.track_file import header, segment
from ingest.pcm import Floats, Integers
from ingest.stages.encode import AacEncoder, Encoder, FlacEncoder, OpusEncoder
from origin.asset import Asset, Codec
from origin.manifests import write
from origin.presentation import Track
from origin.routes import DashManifest, Manifest, MasterPlaylist, MediaPlaylist
from origin.selection import EVERYTHING
from tests.origin.conftest import build_asset, build_rendition

FOLDER = Path(__file__).parent
RATE = 48_000
CUT = 5 * RATE + 777
"""Within a frame of every codec, and within a segment."""
SECONDS = 10
AROUND = 6000
"""Samples on each side of a place where it is searched for: an eighth of a second, more than any gap seen."""
STRETCH = 24_000
SCANNED = 1500
"""Samples that are looked for as one: short enough to tell where a gap is, long enough to be found once."""
BLOCK = 32

PLAYERS = {
    "hls.js": ("master.m3u8",),
    "shaka": ("master.m3u8", "manifest.mpd"),
    "shaka in sequence": ("master.m3u8",),
    "dash.js": ("manifest.mpd",),
    "append windows": ("figures.json",),
}
CODEC_STRINGS = {Codec.AAC: "mp4a.40.2", Codec.OPUS: "Opus", Codec.FLAC: "fLaC"}
MIMES = {Codec.AAC: "mp4a.40.2", Codec.OPUS: "opus", Codec.FLAC: "flac"}


def encoder_of(codec: Codec) -> Encoder:
    match codec:
        case Codec.AAC:
            return AacEncoder(sample_rate_hz=RATE, channels=2, bandwidth_bps=160_000, coder="twoloop")
        case Codec.OPUS:
            return OpusEncoder(channels=2, bandwidth_bps=128_000)
        case _:
            return FlacEncoder(sample_rate_hz=RATE, channels=2, bits=16)


def recording() -> Floats:
    """Noise of the band that every codec keeps."""
    noise = np.random.default_rng(79).standard_normal(SECONDS * RATE)
    heard: Floats = 0.2 * sosfilt(butter(6, [200, 6000], "bandpass", fs=RATE, output="sos"), noise)
    return heard


def packaged(codec: Codec, half: np.ndarray, number: int, folder: Path) -> Asset:
    """Encode one half, write its header and segments below `folder`, and describe it."""
    encoder, stereo = encoder_of(codec), np.stack([half, half], axis=1)
    portion: Floats | Integers = np.round(stereo * 32767).astype(np.int16) if codec is Codec.FLAC else stereo
    frames = [*encoder.encode(portion), *encoder.finish()]
    track = TrackFile(
        codec=codec,
        sample_rate_hz=RATE,
        channels=2,
        bits_per_sample=16,
        configuration=encoder.configuration,
        priming_samples=encoder.priming_samples,
        sample_count=len(half),
        average_bandwidth_bps=160_000,
        peak_bandwidth_bps=160_000,
    )
    place = folder / str(number) / codec.value
    place.mkdir(parents=True)
    (place / "header.mp4").write_bytes(header(track))
    ticks: list[int] = []
    lengths: list[int] = []
    first = 0
    for index, length in enumerate(frames_a_segment(len(frames), track.frame_ticks, RATE)):
        part = frames[first : first + length]
        content = segment(track, part, sequence_number=index + 1, decode_time=sum(ticks))
        (place / f"{index}.m4s").write_bytes(content)
        first, ticks = first + length, [*ticks, sum(frame.duration_ticks for frame in part)]
        lengths.append(len(content))
    rendition = build_rendition(
        codec.value,
        ticks=tuple(ticks),
        codec_string=CODEC_STRINGS[codec],
        rate=RATE,
        priming=encoder.priming_samples,
        padding=sum(ticks) - encoder.priming_samples - len(half),
        header_bytes=len(header(track)),
        segment_bytes=tuple(lengths),
        sha256=hashlib.sha256(header(track)).hexdigest(),
    )
    return build_asset(rendition, asset_id=UUID(int=number))


def present(codec: Codec, pcm: np.ndarray, folder: Path) -> None:
    """Write both halves and the manifests of their presentation to `folder`."""
    assets = [packaged(codec, half, number, folder) for number, half in enumerate((pcm[:CUT], pcm[CUT:]), 1)]
    presentation = [Track(asset=asset, base=f"{number}/") for number, asset in enumerate(assets, 1)]
    files: dict[str, Manifest] = {
        "master.m3u8": MasterPlaylist(),
        "manifest.mpd": DashManifest(),
        f"{codec.value}.m3u8": MediaPlaylist(codec.value),
    }
    for name, file in files.items():
        (folder / name).write_bytes(write(presentation, file, EVERYTHING)[0])
    tracks = [
        {
            "files": [f"{number}/{codec.value}/{name}" for name in file_names(asset)],
            "samples": asset.renditions[0].sample_count,
        }
        for number, asset in enumerate(assets, 1)
    ]
    figures = {"mime": f'audio/mp4; codecs="{MIMES[codec]}"', "rate": RATE, "tracks": tracks}
    (folder / "figures.json").write_text(json.dumps(figures))


def file_names(asset: Asset) -> Iterator[str]:
    yield "header.mp4"
    yield from (f"{index}.m4s" for index in range(len(asset.renditions[0].segments)))


class Heard(NamedTuple):
    """What became of the recording, in samples: `gap` put in at the join (negative for lost ones), `foreign` around it.

    `elsewhere` are gaps at other places, with the second of the recording that they are at.
    """

    gap: int
    foreign: int
    elsewhere: tuple[tuple[float, int], ...]


def measured(heard: np.ndarray, pcm: np.ndarray) -> Heard:
    start = SCANNED * 8  # within the first segment
    lag = int(np.argmax(correlate(heard, pcm[start : start + STRETCH], "valid"))) - start
    lags = [found(heard, pcm, place, lag) for place in range(0, len(pcm) - SCANNED + 1, SCANNED)]
    steps = [after - lag for lag, after in pairwise([lags[0], *lags])]
    near = [abs(index * SCANNED - CUT) <= 2 * SCANNED for index in range(len(steps))]
    elsewhere = [(index * SCANNED / RATE, step) for index, step in enumerate(steps) if step and not near[index]]
    before, behind = lags[near.index(True) - 1], lags[len(near) - near[::-1].index(True)]
    return Heard(behind - before, foreign(heard, pcm, before, behind), tuple(elsewhere))


def found(heard: np.ndarray, pcm: np.ndarray, start: int, lag: int) -> int:
    """How much later in what was heard the stretch from `start` is most alike, within AROUND of `lag`."""
    wanted, first = pcm[start : start + SCANNED], max(0, start + lag - AROUND)
    there = heard[first : start + lag + SCANNED + AROUND]
    energies = np.convolve(there**2, np.ones(SCANNED), "valid")
    return first + int(np.argmax(correlate(there, wanted, "valid") / np.sqrt(energies + 1e-9))) - start


def foreign(heard: np.ndarray, pcm: np.ndarray, before: int, behind: int) -> int:
    """From the first to the last block near the join that is neither the one half nor the other."""
    first = heard[CUT - AROUND + before :][: 2 * AROUND]
    second = heard[CUT - AROUND + behind :][: 2 * AROUND]
    wanted = pcm[CUT - AROUND : CUT + AROUND]
    return max(0, 2 * AROUND - alike(first, wanted) - alike(second[::-1], wanted[::-1]) + behind - before)


def alike(heard: np.ndarray, wanted: np.ndarray) -> int:
    """How many samples from the start are those of the recording, in steps of BLOCK."""
    errors = ((heard - wanted) ** 2).reshape(-1, BLOCK).mean(axis=1)
    bad = np.flatnonzero(errors > 0.5 * np.mean(wanted**2))
    return int(bad[0]) * BLOCK if len(bad) else len(wanted)


def main(folder: Path) -> None:
    pcm, cases = recording(), []
    for codec in CODEC_STRINGS:
        (folder / codec.value).mkdir()
        present(codec, pcm, folder / codec.value)
        cases += [(codec, player, name) for player, names in PLAYERS.items() for name in names]
    wanted: list[dict[str, Any]] = [
        {"player": player, "path": f"{codec.value}/{name}", "rate": RATE, "pcm": f"{number}.f32"}
        for number, (codec, player, name) in enumerate(cases)
    ]
    command = [*("node", str(FOLDER / "gapless.mjs")), str(shutil.which("chromium")), str(folder), json.dumps(wanted)]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    for (codec, player, name), one in zip(cases, told, strict=True):
        heard = measured(np.fromfile(folder / one["pcm"], np.float32).astype(np.float64), pcm)
        row = (player, name, codec.value, heard.gap, heard.foreign, heard.elsewhere, one["waits"], one["errors"])
        sys.stdout.write(f"| {' | '.join(map(str, row))} |\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else temporary))
