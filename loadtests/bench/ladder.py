"""Row: the whole ladder of a 3-minute track, beside one `ffmpeg` command that writes the same renditions.

Ours is `segue import` of a WAV file into a running appliance, from the command's start until the track can be played:
upload, tags, loudness, features, every rendition encoded and decoded again, stored, published. The baseline is what one
would write instead: `loudnorm` once to measure, then one command with `loudnorm` in its linear mode and an output for
each rendition, on the same cores. It encodes once where two files share an encoding, as ours does, and checks nothing.
`loudnorm` falls back to another mode without a word when a constant gain would pass the ceiling or the loudness never
changes; the music here allows the linear one, and a row is refused when it was not taken.

Every sample is another track, since the import passes over audio that is there already.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from loadtests.appliance import Appliance
from loadtests.bench import music
from loadtests.bench.harness import Pace, Row, Samples

PROMISE = Pace(times=1.3)
SECONDS = 180
SECTION_S = 15
ENCODERS = ("aac", "libopus", "flac", "libmp3lame", "libvorbis")
WAV_HEADER_BYTES = 44

TRACK_FILE = "f=mp4:movflags=cmaf+delay_moov:frag_duration=4000000:strict=experimental"


class Output(NamedTuple):
    """One encoder, and what `tee` packages its frames into: the muxer's options by the file's extension."""

    encoder: str
    files: dict[str, str]


OUTPUTS = {
    "aac-320": Output("aac -b:a 320k", {"mp4": TRACK_FILE}),
    "aac-160": Output("aac -b:a 160k", {"mp4": TRACK_FILE, "m4a": "f=ipod"}),
    "aac-96": Output("aac -b:a 96k", {"mp4": TRACK_FILE}),
    "opus-96": Output("libopus -b:a 96k", {"mp4": TRACK_FILE}),
    "opus-24": Output("libopus -b:a 24k", {"mp4": TRACK_FILE}),
    "flac": Output("flac", {"mp4": TRACK_FILE, "flac": "f=flac"}),
    "mp3-320": Output("libmp3lame -b:a 320k", {"mp3": "f=mp3"}),
    "vorbis-320": Output("libvorbis -q:a 9", {"ogg": "f=ogg"}),
    "vorbis-160": Output("libvorbis -q:a 5", {"ogg": "f=ogg"}),
    "vorbis-96": Output("libvorbis -q:a 2", {"ogg": "f=ogg"}),
}
"""The renditions of `config/ladder.toml`; the qualities are Vorbis' own for these bandwidths."""


def what_is_missing() -> str | None:
    """Why there can be no row on this machine; None when there can."""
    if shutil.which("ffmpeg") is None:
        return "no ffmpeg on the PATH"
    listed = _run(["ffmpeg", "-hide_banner", "-encoders"]).stdout.split()
    missing = [encoder for encoder in ENCODERS if encoder not in listed]
    return f"this ffmpeg has no encoder {', '.join(missing)}" if missing else None


def ladder_row(appliance: Appliance, folder: Path, rounds: int) -> Row:
    """Take the samples of both in turns."""
    original = folder / "ladder.wav"
    write_song(original)
    pairs = [(imported(appliance, another(original, number)), rendered(original, folder)) for number in range(rounds)]
    return Row(
        name="the whole ladder of a 3-minute track, all cores",
        ours=Samples(label="segue import, until it can be played", seconds=tuple(ours for ours, _ in pairs)),
        baseline=Samples(
            label=f"ffmpeg {version()}, two-pass loudnorm, one command", seconds=tuple(other for _, other in pairs)
        ),
        goal=PROMISE,
    )


def write_song(path: Path) -> None:
    """Chords over a soft beat, quiet and loud in turns, with less than 13 dB between the loudness and the peaks."""
    source = np.random.default_rng(1)
    music.write(path, (_second_of_song(second, source) for second in range(SECONDS)))


def _second_of_song(second: int, source: np.random.Generator) -> music.Floats:
    times = music.seconds_of(second)
    beat = music.beat(times)[:, None]
    level = 0.9 if second // SECTION_S % 2 else 0.6
    noise = source.normal(size=(music.RATE, 2))
    return level * (music.chord(times)[:, None] * (0.7 + 0.3 * beat) + 0.05 * noise * beat)


def another(original: Path, number: int) -> Path:
    """The same music with another first sample, which makes it another track."""
    data = bytearray(original.read_bytes())
    data[WAV_HEADER_BYTES] = number
    path = original.with_name(f"track-{number}.wav")
    path.write_bytes(data)
    return path


def imported(appliance: Appliance, path: Path) -> float:
    """The seconds of one import. Raises RuntimeError when the track does not become ready."""
    began = time.perf_counter()
    run = appliance.segue("import", str(path), "--json")
    seconds = time.perf_counter() - began
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if [line["status"] for line in lines] != ["ready"]:
        raise RuntimeError(f"segue import: {run.stdout}{run.stderr}")
    return seconds


def rendered(original: Path, folder: Path) -> float:
    """The seconds of the two ffmpeg commands. Raises RuntimeError when the gain of the second was not constant."""
    target = folder / "ffmpeg"
    target.mkdir(exist_ok=True)
    began = time.perf_counter()
    found = _figures(_run(command_of(original, target, loudness_of(original))).stderr)
    seconds = time.perf_counter() - began
    if found["normalization_type"] != "linear":
        raise RuntimeError(f"loudnorm did not take its linear mode: {found}")
    return seconds


def loudness_of(path: Path) -> dict[str, str]:
    """The first pass: what `loudnorm` prints at its end."""
    measuring = ["-af", "loudnorm=I=-14:TP=-1:LRA=50:print_format=json", "-f", "null", "-"]
    return _figures(_run(["ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-i", str(path), *measuring]).stderr)


def _figures(printed: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(printed[printed.rindex("{") : printed.rindex("}") + 1])
    return found


def version() -> str:
    """Of the ffmpeg on the PATH: since 7.0 the command encodes on several cores."""
    return _run(["ffmpeg", "-version"]).stdout.split()[2]


def command_of(path: Path, target: Path, measured: dict[str, str]) -> list[str]:
    """The second pass: normalised once, resampled once for Opus, one output for each rendition; FLAC is the master."""
    opus = [name for name in OUTPUTS if name.startswith("opus")]
    others = [name for name in OUTPUTS if name not in (*opus, "flac")]
    gain = ":".join(
        (
            "loudnorm=I=-14:TP=-1:LRA=50:linear=true:print_format=json",
            *(f"measured_{key}={measured[f'input_{key.lower()}']}" for key in ("I", "LRA", "TP", "thresh")),
            f"offset={measured['target_offset']}",
        )
    )
    graph = (
        f"[0:a]asplit[flac][lossy];[lossy]{gain},aresample=44100,aformat=channel_layouts=stereo,"
        f"asplit={len(others) + 1}[resampled]{''.join(f'[{name}]' for name in others)};"
        f"[resampled]aresample=48000,aformat=channel_layouts=stereo,"
        f"asplit={len(opus)}{''.join(f'[{name}]' for name in opus)}"
    )
    outputs = [argument for name in OUTPUTS for argument in _output(name, target)]
    return ["ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-y", "-i", str(path), "-filter_complex", graph, *outputs]


def _output(name: str, target: Path) -> list[str]:
    encoder, files = OUTPUTS[name]
    places = (f"[{options}]{target / name}.{extension}" for extension, options in files.items())
    header = ["-flags", "+global_header", "-strict", "experimental"]
    return ["-map", f"[{name}]", "-c:a", *encoder.split(), *header, "-f", "tee", "|".join(places)]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- the ffmpeg of the PATH
