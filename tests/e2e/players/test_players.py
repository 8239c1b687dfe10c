"""Real players in a real browser: hls.js, shaka-player and dash.js in Debian's headless Chromium.

Each plays one track to the end, with a change of quality where there is one and seeks in both directions, without an
error or a stall, clear and in every scheme that it supports; and an album of two tracks, each with keys of its own,
over the join and back. The players come from npm (`npm ci` in this folder), the browser from the package chromium;
`.ci/run` installs both.
"""

import asyncio
import io
import json
import re
import shutil
import time
import urllib.request
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import soundfile as sf

from appliance import home as homes
from config.settings import EdgeKey, edge_keys
from edge.terms import Terms
from edge.token import mint
from loadtests.appliance import Appliance
from origin.layout import DASH_MANIFEST, HLS_MANIFEST, asset_directory
from origin.running_order import Place, directory
from tests.e2e.conftest import token_of
from tests.e2e.test_listening import Master, synthesised

FOLDER = Path(__file__).parent
CHROMIUM, NODE = shutil.which("chromium"), shutil.which("node")
PLACE = re.compile(r"(?P<origin>.*)/s1[^/]*/assets/(?P<asset>[^/]+)/(?P<revision>\d+)/")

SCHEMES = {
    ("hls.js", HLS_MANIFEST): ("", "aes128", "cenc"),  # of cbcs it breaks off at the tag that Apple's players need
    ("shaka", HLS_MANIFEST): ("", "aes128", "cbcs", "cenc"),
    ("shaka", DASH_MANIFEST): ("", "cbcs", "cenc"),
    ("dash.js", DASH_MANIFEST): ("", "cbcs", "cenc"),
}
CASES = [
    *((player, manifest, scheme, "aac") for (player, manifest), schemes in SCHEMES.items() for scheme in schemes),
    *((player, manifest, "", codec) for player, manifest in SCHEMES for codec in ("opus", "flac")),
]
ALBUMS = [
    ("hls.js", HLS_MANIFEST, "aes128"),
    ("shaka", HLS_MANIFEST, "cbcs"),
    ("dash.js", DASH_MANIFEST, "cenc"),
]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH (Debian's package chromium)"),
    pytest.mark.skipif(NODE is None, reason="no node on the PATH (Debian's package nodejs)"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules").is_dir(), reason="the players are not installed (npm ci in tests/e2e/players)"
    ),
]

NO_TROUBLE = ([], [], None, 0)
ATTEMPTS = 3
"""A browser stalls by itself on a machine without a free core, which players report as an error, and dash.js now and
then does not end a stream after a switch (twice in some fifty runs). What our stream does wrong happens every time."""

MAKER = "players@e2e.example"
FIRST = synthesised("browser.wav", 44_100, 0.5)
SECOND_S = 4


def second() -> Master:
    """The start of the first one."""
    pcm, rate = sf.read(io.BytesIO(FIRST.content), frames=SECOND_S * FIRST.sample_rate_hz + 55)
    buffer = io.BytesIO()
    sf.write(buffer, pcm, rate, format="WAV", subtype="PCM_16")
    return Master(
        file_name="second.wav", content=buffer.getvalue(), sample_rate_hz=rate, channels=2, sample_count=len(pcm)
    )


class Stage(NamedTuple):
    """A running origin with two tracks, and the key that its tokens are signed with."""

    origin_url: str
    key: EdgeKey
    tracks: list[Place]

    def track(self, scheme: str, name: str, *, number: int = 0) -> str:
        """The URL of a file of one track, such as `manifest.mpd`."""
        place = self.tracks[number]
        return self._signed(asset_directory(place.asset_id), f"{place.revision}/", scheme, name)

    def album(self, scheme: str, name: str) -> str:
        """The URL of a file of both as one presentation."""
        return self._signed(directory(self.tracks), "", scheme, name)

    def licences(self, player: str, manifest: str, scheme: str) -> dict[str, str]:
        """Which address has the licence of a key id, in base64url; none for who takes keys from playlists."""
        if scheme not in {"cbcs", "cenc"} or (player, manifest) == ("shaka", HLS_MANIFEST):
            return {}
        found = {}
        for number in range(len(self.tracks)):
            described = self.track(scheme, DASH_MANIFEST, number=number)
            with urllib.request.urlopen(described, timeout=60) as answer:
                (key_id, *_) = re.findall('default_KID="([^"]+)"', answer.read().decode())
            kid = urlsafe_b64encode(UUID(key_id).bytes).rstrip(b"=").decode()
            found[kid] = described.replace(f"/{scheme}/{DASH_MANIFEST}", "/license")
        return found

    def _signed(self, scope: str, rest: str, scheme: str, name: str) -> str:
        token = mint(
            key_id=self.key.key_id,
            secret=bytes.fromhex(self.key.secret.reveal()),
            directory=scope,
            expires_at_s=int(time.time()) + 3600,
            terms=Terms(protection="protected" if scheme else "clear"),
        )
        return f"{self.origin_url}/{token}/{scope}{rest}{scheme and f'{scheme}/'}{name}"


@pytest.fixture(scope="module")
def stage(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Both tracks, which are ingested once."""
    folder = tmp_path_factory.mktemp("players")
    token_of(appliance, MAKER, "artist")  # makes the account
    paths = []
    for master in (FIRST, second()):
        paths.append(folder / master.file_name)
        paths[-1].write_bytes(master.content)
    lines = appliance.segue("import", "--json", "--as", MAKER, *map(str, paths)).stdout.splitlines()
    imported = {Path(each["file"]).name: each["track"] for each in map(json.loads, lines)}
    places = []
    for path in paths:
        played = appliance.segue("play", imported[path.name], "--as", MAKER, "--print-url").stdout
        place = PLACE.match(played.splitlines()[-1])
        assert place is not None
        places.append(Place(UUID(place["asset"]), int(place["revision"])))
    (key, *_) = edge_keys(homes.resolve(homes.open_home(appliance.home), appliance.environment))
    return Stage(place["origin"], key, places)


async def play(**wanted: object) -> dict[str, Any]:
    """What one player did with one stream; once more when there was trouble."""
    for _ in range(ATTEMPTS):
        process = await asyncio.create_subprocess_exec(
            *(str(NODE), str(FOLDER / "play.mjs"), str(CHROMIUM), json.dumps(wanted)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        if process.returncode != 0:  # the browser did not start, or did not answer
            continue
        seen: dict[str, Any] = json.loads(out)
        if trouble(seen) == NO_TROUBLE:
            return seen
    assert process.returncode == 0, err.decode()
    return seen


def trouble(seen: dict[str, Any]) -> tuple[object, ...]:
    return seen["errors"], seen["console"], seen["late"], seen["stalls"]


@pytest.mark.parametrize(("player", "manifest", "scheme", "codec"), CASES)
async def test_player_plays_to_the_end(stage: Stage, player: str, manifest: str, scheme: str, codec: str) -> None:
    url = f"{stage.track(scheme, manifest)}?codecs={codec}"
    seen = await play(script="a track", player=player, url=url, licences=stage.licences(player, manifest, scheme))
    assert trouble(seen) == NO_TROUBLE
    assert seen["ended"]
    assert seen["durationS"] == pytest.approx(FIRST.sample_count / FIRST.sample_rate_hz, abs=0.05)
    assert {variant["codec"] for variant in seen["variants"]} == {{"aac": "mp4a"}.get(codec, codec)}
    assert len(set(seen["played"])) == min(2, len(seen["variants"]))


@pytest.mark.parametrize(("player", "manifest", "scheme"), ALBUMS)
async def test_player_plays_a_protected_album(stage: Stage, player: str, manifest: str, scheme: str) -> None:
    joins_s = FIRST.sample_count / FIRST.sample_rate_hz
    seen = await play(
        script="an album",
        player=player,
        url=f"{stage.album(scheme, manifest)}?codecs=aac",
        licences=stage.licences(player, manifest, scheme),
        joinS=joins_s,
    )
    assert trouble(seen) == NO_TROUBLE
    assert seen["ended"]
    assert seen["durationS"] == pytest.approx(joins_s + SECOND_S, abs=0.15)
