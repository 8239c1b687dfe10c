"""`make load` against the appliance: a listener finds a track by its title and pulls it, and nothing fails."""

import csv
import io
from pathlib import Path

import numpy as np
import soundfile as sf

from tests.loadtests.kinds import KINDS


def master() -> bytes:
    buffer = io.BytesIO()
    samples = 0.2 * np.sin(np.arange(48_000 * 6) * 0.03)
    sf.write(buffer, np.stack([samples, samples], axis=1), 48_000, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


async def test_make_load_plays_without_a_failure(appliance, artist, tmp_path: Path) -> None:
    track = await artist.create_track("Wanted by the load test")
    await artist.upload(track, "wanted.wav", master())
    assert (await artist.follow_ingest(track))[-1]["status"] == "READY"

    statistics = tmp_path / "load"
    arguments = f'--users 2 --run-time 20s --speed 4 --titles "wanted" --csv {statistics}'
    outcome = appliance.run("make", "load", f"ARGS={arguments}")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    with Path(f"{statistics}_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file) if row["Name"] != "Aggregated"}
    assert set(rows) == KINDS
    assert {row["Failure Count"] for row in rows.values()} == {"0"}
    # A header is fetched once a track, and a track of six seconds has two segments or more.
    assert int(rows["origin: segment"]["Request Count"]) > int(rows["origin: header"]["Request Count"]) >= 2
