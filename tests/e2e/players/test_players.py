"""Real players in a real browser: hls.js, shaka-player and dash.js in Debian's headless Chromium.

Each plays one master to the end, with a change of quality and seeks in both directions, without an error or a stall.
The players come from npm (`npm ci` in this folder), the browser from the package chromium; `.ci/run` installs both.
"""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_listening import synthesised

FOLDER = Path(__file__).parent
CHROMIUM, NODE = shutil.which("chromium"), shutil.which("node")
PLAYED = [("hls.js", "hlsUrl"), ("shaka", "hlsUrl"), ("shaka", "dashUrl"), ("dash.js", "dashUrl")]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH (Debian's package chromium)"),
    pytest.mark.skipif(NODE is None, reason="no node on the PATH (Debian's package nodejs)"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules").is_dir(), reason="the players are not installed (npm ci in tests/e2e/players)"
    ),
]


async def play(player: str, url: str, **wanted: str) -> dict[str, Any]:
    """What one player did with one stream."""
    process = await asyncio.create_subprocess_exec(
        *(str(NODE), str(FOLDER / "play.mjs"), str(CHROMIUM), json.dumps({"player": player, "url": url, **wanted})),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out)
    return seen


@pytest.mark.parametrize(("player", "protocol"), PLAYED)
async def test_player_plays_to_the_end(artist, listener, player, protocol) -> None:
    master = synthesised("browser.wav", 44_100, 0.5)
    track = await artist.create_track(f"{player} {protocol}")
    await artist.upload(track, master.file_name, master.content)
    await artist.follow_ingest(track)
    playback = await listener.start_playback(track)

    seen = await play(player, playback[protocol])

    assert (seen["errors"], seen["console"]) == ([], [])
    assert (seen["ended"], seen["stalls"]) == (True, 0)
    assert seen["durationS"] == pytest.approx(master.sample_count / master.sample_rate_hz, abs=0.05)
    assert len(set(seen["played"])) == 2
