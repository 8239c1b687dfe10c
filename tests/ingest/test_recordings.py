"""Real recordings through the real worker and its child processes: all of them, to what a player hears of each file.

Two runs, for the sake of time on two cores:

- every file as it is, through a ladder with the cheapest rung of each codec: intake, measuring, deriving and packaging
  are the same for all rungs of a codec, and MP3 has a single one, which the other run makes;
- the whole ladder for one master of each form, of up to twelve seconds. The hot one lasts a minute and a half, so its
  first ten seconds are taken, as floats: they keep what lies above full scale.
"""

import io
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from config.settings import LADDER
from origin import asset as assets
from origin import layout
from tests.ingest.exactness import assert_lengths, assert_lossless, assert_loudness, decoded, left_justified
from tests.recordings import MUSIC, needs_music

LIMIT_S = 1800.0

CHEAP = ("aac-96", "opus-24", "flac", "vorbis-96")

# (rate, channels, stored bits) of the masters; what is not listed is 44.1 kHz, stereo, 16 bits, or 24 when it is lossy.
FORMS = {
    "arovane_a.flac": (44_100, 2, 24),
    "epic.ogg": (192_000, 2, 24),
    "fl_s28.flac": (96_000, 2, 24),
    "fl_s37.flac": (96_000, 2, 24),  # 20 bits, which libsndfile refuses
    "fl_s41.flac": (44_100, 6, 16),
    "fl_s43.flac": (44_100, 8, 16),
    "fl_s45.flac": (48_000, 2, 16),  # of unknown length
    "fl_u05.flac": (44_100, 2, 32),
    "guitar.ogg": (192_000, 2, 24),
    "libri1.ogg": (16_000, 1, 24),
    "target.flac": (22_050, 2, 16),
}
WHOLE_LADDER = ("trombone.wav", "fl_s37.flac", "fl_s41.flac", "fl_u05.flac", "guitar.ogg", "libri1.ogg", "target.flac")
HOT = "country.mp3"


def form(name: str) -> tuple[int, int, int]:
    return FORMS.get(name, (44_100, 2, 16 if name.endswith((".wav", ".flac")) else 24))


def stored_master(data: bytes, bits: int) -> Any:
    """The master by a decoder of the test's own, as left-justified 32-bit integers: what FLAC has to hold."""
    whole = decoded(data)
    if whole.dtype.kind == "f":  # rounded to 24 bits, and cut at full scale as a converter does
        steps = 2.0 ** (bits - 1)
        whole = np.clip(np.rint(whole.astype(np.float64) * steps), -steps, steps - 1).astype(np.int64) << (32 - bits)
    return left_justified(whole)


async def made(queue: Any, workers: Any, masters: dict[str, bytes], **settings: str) -> dict[str, Any]:
    """The descriptors, once the worker has made every master ready without a complaint that is not of Opus."""
    jobs = {name: await queue.add(data, file_name=name) for name, data in masters.items()}
    workers.start(SEGUE_INGEST_CONCURRENCY="2", SEGUE_INGEST_HEARTBEAT_TIMEOUT_S="60", **settings)
    rows = dict(zip(jobs, await queue.final(*jobs.values(), limit_s=LIMIT_S), strict=True))
    assert {name: row["failure_code"] for name, row in rows.items()} == dict.fromkeys(masters), workers.logs()
    logged = [json.loads(line) for line in workers.logs().splitlines() if line.startswith("{")]
    complaints = [line for line in logged if line["event"] == "a rendition is not what was asked for"]
    assert [line for line in complaints if line["rendition"] != "opus-24"] == []
    return {
        name: assets.decode(await queue.store.read(layout.descriptor_key(job.asset_id, 1)))
        for name, job in jobs.items()
    }


def ladder(path: Path, names: tuple[str, ...]) -> str:
    """The product's own ladder with these rungs alone."""
    rungs = [rung for rung in tomllib.loads(LADDER.read_text("utf-8"))["rung"] if rung["name"] in names]
    # Strings, whole numbers and lists of them are written alike in JSON and in TOML.
    entries = [
        "\n".join(["[[rung]]", *(f"{key} = {json.dumps(value)}" for key, value in rung.items())]) for rung in rungs
    ]
    path.write_text("\n".join(entries), "utf-8")
    return str(path)


@needs_music
async def test_every_recording_becomes_ready_and_exact(queue: Any, workers: Any, tmp_path: Path) -> None:
    masters = {path.name: path.read_bytes() for path in sorted(MUSIC.iterdir())}
    found = await made(queue, workers, masters, SEGUE_LADDER=ladder(tmp_path / "ladder.toml", CHEAP))
    assert len(found) == 25
    for name, asset in found.items():
        master = asset.master
        assert (master.sample_rate_hz, master.channels, master.bits_per_sample) == form(name), name
        whole = stored_master(masters[name], master.bits_per_sample)
        assert whole.shape == (master.sample_count, master.channels), name
        await assert_lossless(queue, asset, whole)
        await assert_lengths(queue, asset, name)
        assert_loudness(asset, name)


@needs_music
async def test_whole_ladder_of_every_form_is_exact(queue: Any, workers: Any) -> None:
    masters = {name: (MUSIC / name).read_bytes() for name in WHOLE_LADDER}
    hot = decoded((MUSIC / HOT).read_bytes())[: 10 * 44_100]
    assert np.abs(hot).max() > 1
    buffer = io.BytesIO()
    soundfile.write(buffer, hot, 44_100, format="WAV", subtype="FLOAT")
    found = await made(queue, workers, {**masters, HOT: buffer.getvalue()})
    for name, asset in found.items():
        assert [one.name for one in (*asset.renditions, *asset.progressive)] == [
            "aac-320", "aac-160", "aac-96", "opus-96", "opus-24", "flac",
            "aac-160", "flac", "mp3-320", "vorbis-320", "vorbis-160", "vorbis-96",
        ]  # fmt: skip
        await assert_lengths(queue, asset, name)
        assert_loudness(asset, name)
