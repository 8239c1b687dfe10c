"""Row: from the press of "play" to the first audio in the player's hands, beside one GET at the object store.

A press is what a player does before it has a sample to decode: `startPlayback`, master playlist, media playlist, header
and first segment, one after the other, on connections of its own. Every sample of a round plays another track, against
processes that were just started, so no manifest and no descriptor is in a cache.

The baseline is what one would pick without an origin: a presigned URL of the same track file and a ranged GET of the
same bytes. It checks nobody's sign-in, offers no second bitrate and cannot be cached for all listeners.
"""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import urljoin

import aiohttp
from botocore.config import Config
from botocore.session import get_session

from config.settings import S3Settings
from origin.asset import Asset
from origin.layout import track_file_key

RENDITION = "aac-160"
LIFETIME_S = 600
START = """
mutation Press($track: ID!) {
  startPlayback(input: {trackId: $track}) { playback { hlsUrl } userErrors { code message } }
}
"""


async def press(graph_url: str, token: str, track_id: str) -> tuple[float, str]:
    """One press; answers its seconds and the URL of the master playlist."""
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        began = time.perf_counter()
        master_url = await _start_playback(http, graph_url, token, track_id)
        master = (await _get(http, master_url)).decode()
        playlist_url = urljoin(master_url, _only(rf'[^\s"]*{RENDITION}\.m3u8', master))
        playlist = (await _get(http, playlist_url)).decode()
        await _get(http, urljoin(playlist_url, _only(r'(?<=EXT-X-MAP:URI=")[^"]+', playlist)))
        await _get(http, urljoin(playlist_url, _only(r"^(?!#)\S+$", playlist)))
        return time.perf_counter() - began, master_url


async def plain_get(s3: Any, settings: S3Settings, asset: Asset) -> float:
    """The baseline: sign a GET of the track file and read the header and the first segment from the store."""
    start, length = asset.rendition(RENDITION).byte_range(0)
    key = track_file_key(asset.asset_id, asset.revision, RENDITION)
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        began = time.perf_counter()
        url = s3.generate_presigned_url(
            "get_object", Params={"Bucket": settings.bucket, "Key": key}, ExpiresIn=LIFETIME_S
        )
        await _get(http, url, {"range": f"bytes=0-{start + length - 1}"})
        return time.perf_counter() - began


def signer(settings: S3Settings) -> Any:
    """A client that only signs; it opens no connection."""
    return get_session().create_client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.reveal(),
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


async def _start_playback(http: aiohttp.ClientSession, graph_url: str, token: str, track_id: str) -> str:
    async with http.post(
        f"{graph_url}/graphql",
        json={"query": START, "variables": {"track": track_id}},
        headers={"authorization": f"Bearer {token}"},
    ) as response:
        body = await response.json(content_type=None)
    url: str = body["data"]["startPlayback"]["playback"]["hlsUrl"]
    return url


async def _get(http: aiohttp.ClientSession, url: str, headers: dict[str, str] | None = None) -> bytes:
    async with http.get(url, headers=headers) as response:
        return await response.read()


def _only(pattern: str, text: str) -> str:
    """The first match; a playlist without one is not a playlist of ours, and the row must not go on."""
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise LookupError(f"nothing like {pattern!r} in {text!r}")
    return found[0]
