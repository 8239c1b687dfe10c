"""Collecting from a server that behaves badly in most ways."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from appliance.commands.lint import lint
from appliance.lint import collect as module
from appliance.lint.collect import UnreadableStream, collect
from appliance.lint.rules import judge

MASTER = """#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1000,AVERAGE-BANDWIDTH=1000,CODECS="mp4a.40.2"
media.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1000,AVERAGE-BANDWIDTH=1000,CODECS="mp4a.40.2"
missing.m3u8
"""
MEDIA = """#EXTM3U
#EXT-X-TARGETDURATION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:6,
whole.aac
#EXTINF:6,
#EXT-X-BYTERANGE:100@50
whole.aac
#EXTINF:6,
moved.aac
#EXTINF:6,
missing.aac
#EXT-X-ENDLIST
"""
FILES = {"master.m3u8": MASTER.encode(), "media.m3u8": MEDIA.encode(), "whole.aac": bytes(1000), "page": b"<html>"}


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name == "moved.aac":
            raise web.HTTPFound("/whole.aac")
        if name not in FILES:
            raise web.HTTPNotFound
        found = web.Response(body=FILES[name], content_type="application/vnd.apple.mpegurl")
        if name.endswith(".m3u8"):
            found.enable_compression(web.ContentCoding.gzip)
        elif request.http_range.start is not None:
            found = web.Response(status=206, body=FILES[name][request.http_range])
        return found

    application = web.Application()
    application.router.add_get("/{name}", answer)
    async with TestServer(application) as started:
        yield started


async def test_reads_all_of_a_stream_and_notes_what_is_missing(server: TestServer) -> None:
    stream = await collect(str(server.make_url("/master.m3u8")), with_segments=True)
    (pieces,) = stream.pieces.values()
    assert [None if piece is None else piece.byte_length for piece in pieces] == [1000, 100, 1000, None]
    assert sorted(unread.url.rpartition("/")[2] for unread in stream.unread) == ["missing.aac", "missing.m3u8"]
    found = {finding.rule for finding in judge(stream)}
    assert {"7.1", "8.18"} <= found
    assert "10.1" not in found


async def test_quick_reads_no_segments(server: TestServer) -> None:
    stream = await collect(str(server.make_url("/master.m3u8")), with_segments=False)
    assert stream.pieces == {}
    assert {url.rpartition("/")[2] for url in stream.responses} == {"master.m3u8", "media.m3u8", "missing.m3u8"}


async def test_a_media_playlist_alone_is_a_stream_too(server: TestServer) -> None:
    stream = await collect(str(server.make_url("/media.m3u8")), with_segments=False)
    assert stream.multivariant is None
    assert len(stream.medias) == 1


@pytest.mark.parametrize("name", ["page", "missing.m3u8"])
async def test_what_is_no_playlist_is_told(server: TestServer, name: str) -> None:
    with pytest.raises(UnreadableStream, match=name):
        await collect(str(server.make_url(f"/{name}")), with_segments=True)


async def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(UnreadableStream, match="cannot be fetched"):
        await collect("http://127.0.0.1:1/master.m3u8", with_segments=True)


async def test_a_segment_without_an_end_is_given_up(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SEGMENT_BYTES", 999)
    stream = await collect(str(server.make_url("/media.m3u8")), with_segments=True)
    assert {unread.cause for unread in stream.unread} == {
        "it is longer than 999 bytes",
        "the server answers 404",
    }


async def test_the_command_tells_each_finding_and_fails(server: TestServer) -> None:
    url = str(server.make_url("/master.m3u8"))
    result = await asyncio.to_thread(CliRunner().invoke, lint, [url, "--quick", "--json"])
    assert result.exit_code == 1
    (finding,) = (json.loads(line) for line in result.stdout.splitlines())
    assert finding == {
        "rule": "7.1",
        "severity": "unreadable",
        "url": url.replace("master", "missing"),
        "text": "the server answers 404",
    }
