"""Real recordings through the real worker: one of every form that the folder holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from origin import asset as assets

MUSIC = Path(__file__).parents[2].parent / "shared" / "audio" / "music"
needs_music = pytest.mark.skipif(
    not MUSIC.is_dir(), reason="the recordings of shared/audio/music are not next to the project"
)

# (rate, channels, stored bits) of the master; the rest of the folder repeats these forms.
RECORDINGS = {
    "trombone.wav": (44_100, 2, 16),
    "fl_s28.flac": (96_000, 2, 24),
    "fl_s37.flac": (96_000, 2, 24),  # 20 bits, which libsndfile refuses
    "fl_s41.flac": (44_100, 6, 16),
    "fl_s43.flac": (44_100, 8, 16),
    "fl_s45.flac": (48_000, 2, 16),  # of unknown length
    "fl_s59.flac": (44_100, 2, 16),  # with an AVIF picture
    "fl_u05.flac": (44_100, 2, 32),
    "target.flac": (22_050, 2, 16),
    "libri1.ogg": (16_000, 1, 24),
    "guitar.ogg": (192_000, 2, 24),
    "country.mp3": (44_100, 2, 24),  # true peak above +1 dBTP
}


@needs_music
async def test_recordings_become_ready_at_the_decided_loudness(queue: Any, workers: Any) -> None:
    jobs = {name: await queue.add((MUSIC / name).read_bytes(), file_name=name) for name in RECORDINGS}
    workers.start(SEGUE_INGEST_CONCURRENCY="2", SEGUE_INGEST_HEARTBEAT_TIMEOUT_S="20")
    rows = dict(zip(jobs, await queue.final(*jobs.values(), limit_s=240.0), strict=True))
    assert {name: row["failure_code"] for name, row in rows.items()} == dict.fromkeys(RECORDINGS), workers.logs()
    for name, job in jobs.items():
        asset = assets.decode(await queue.store.read(assets.descriptor_key(job.asset_id, 1)))
        master = asset.master
        assert (master.sample_rate_hz, master.channels, master.bits_per_sample) == RECORDINGS[name]
        for rendition in asset.renditions:
            where = f"{name} {rendition.name}"
            seconds = rendition.sample_count / rendition.sample_rate_hz
            assert seconds == pytest.approx(master.sample_count / master.sample_rate_hz, abs=1 / 40_000), where
            if rendition.name == "flac":
                assert rendition.loudness == master.loudness, where
                continue
            assert rendition.channels == min(2, master.channels), where
            assert rendition.sample_rate_hz in (44_100, 48_000), where
            assert rendition.loudness.true_peak_dbtp <= -0.95, where
            if master.channels <= 2:  # a downmix has a loudness of its own
                wanted = master.loudness.integrated_lufs + rendition.gain_db
                assert rendition.loudness.integrated_lufs == pytest.approx(wanted, abs=0.5), where
    logged = [json.loads(line) for line in workers.logs().splitlines() if line.startswith("{")]
    assert [line["event"] for line in logged if line["level"] != "info"] == []
