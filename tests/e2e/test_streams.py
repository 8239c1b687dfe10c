"""What the ingest made and the origin packaged, before the linter: the rules hold for real renditions too."""

import io

import numpy as np
import soundfile as sf

from appliance.lint.collect import collect
from appliance.lint.findings import Severity
from appliance.lint.rules import judge

RATE = 44_100
SAMPLES = 9 * RATE + 137
"""Neither whole frames nor whole segments: the last segment is short, and more header than sound."""


def master() -> bytes:
    """Noise that swells, so that no two segments are equally dense."""
    swell = np.linspace(0.01, 0.4, SAMPLES)[:, None]
    noise = np.random.default_rng(4).uniform(-1, 1, (SAMPLES, 2)) * swell
    file = io.BytesIO()
    sf.write(file, noise, RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


async def test_stream_of_an_ingested_track_keeps_every_rule_that_binds(artist, listener) -> None:
    track = await artist.create_track("A swell")
    await artist.upload(track, "swell.wav", master())
    assert (await artist.follow_ingest(track))[-1]["status"] == "READY"
    playback = await listener.start_playback(track)
    findings = judge(await collect(playback["hlsUrl"], with_segments=True))
    assert [finding for finding in findings if finding.severity is not Severity.SHOULD] == []
