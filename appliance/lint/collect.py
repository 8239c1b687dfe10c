"""Collecting a stream: fetch its playlists and segments as a player would, and keep what the rules look at.

Strangers' streams are read too, so everything has an end: bytes of a playlist and of a segment, the number of segments,
requests at once, the time of each. A segment is measured and forgotten; only figures stay in memory.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import aiohttp

from appliance.errors import ApplianceError
from appliance.lint import playlist, timing
from appliance.lint.playlist import Media, Multivariant, NotAPlaylist, Part, Segment
from appliance.lint.stream import Piece, Response, Stream, Unread

MAX_PLAYLIST_BYTES = 32 * 1024 * 1024
MAX_SEGMENT_BYTES = 64 * 1024 * 1024
"""A minute of the densest lossless audio."""

AT_ONCE = 6
"""As many connections as a browser opens to one server."""

TIMEOUT_S = 60


class UnreadableStream(ApplianceError):
    """The URL answers no playlist; check that a player opens it."""


class _Unanswered(Exception):
    """One URL could not be had; the message is the cause."""


async def collect(url: str, *, with_segments: bool) -> Stream:
    """Fetch everything that `url` leads to. Raises UnreadableStream when that is not even a playlist."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, headers={"Accept-Encoding": "gzip"}) as http:
        collector = _Collector(http)
        try:
            first = await collector.playlist(url)
        except (_Unanswered, NotAPlaylist) as error:
            raise UnreadableStream(f"{url} is no playlist: {error}") from error
        medias = {url: first} if isinstance(first, Media) else await collector.medias(first)
        pieces = {name: await collector.pieces(media) for name, media in medias.items()} if with_segments else {}
        return Stream(
            multivariant=None if isinstance(first, Media) else first,
            medias=medias,
            responses=collector.responses,
            pieces=pieces,
            unread=tuple(collector.unread),
        )


class _Collector:
    """Fetches, and notes how each URL was answered."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self._room = asyncio.Semaphore(AT_ONCE)
        self.responses: dict[str, Response] = {}
        self.unread: list[Unread] = []

    async def playlist(self, url: str) -> Multivariant | Media:
        try:
            text = (await self._fetch(Part(url), limit_bytes=MAX_PLAYLIST_BYTES)).decode()
        except UnicodeDecodeError:
            raise NotAPlaylist("it is not UTF-8") from None
        return playlist.read(text, url)

    async def medias(self, multivariant: Multivariant) -> dict[str, Media]:
        urls = [variant.url for variant in multivariant.variants]
        urls += [rendition.url for rendition in multivariant.renditions if rendition.url is not None]
        names = list(dict.fromkeys(urls))
        read = await asyncio.gather(*(self._media(url) for url in names))
        return {url: media for url, media in zip(names, read, strict=True) if media is not None}

    async def pieces(self, media: Media) -> tuple[Piece | None, ...]:
        parts = list(dict.fromkeys(segment.header for segment in media.segments if segment.header is not None))
        headers = dict(zip(parts, await asyncio.gather(*(self._header(part) for part in parts)), strict=True))
        fetched = (self._piece(each, headers[each.header] if each.header else None) for each in media.segments)
        return tuple(await asyncio.gather(*fetched))

    async def _media(self, url: str) -> Media | None:
        try:
            read = await self.playlist(url)
        except (_Unanswered, NotAPlaylist) as error:
            self._note(url, str(error))
            return None
        if isinstance(read, Media):
            return read
        self._note(url, "it is a second multivariant playlist")
        return None

    async def _header(self, part: Part) -> timing.Header | None:
        data = await self._segment(part)
        return None if data is None else timing.header(data)

    async def _piece(self, segment: Segment, header: timing.Header | None) -> Piece | None:
        data = await self._segment(segment.part)
        if data is None:
            return None
        span = None if header is None or segment.is_encrypted_whole else timing.span(data, header)
        return Piece(byte_length=len(data), header=header, span=span)

    async def _segment(self, part: Part) -> bytes | None:
        try:
            return await self._fetch(part, limit_bytes=MAX_SEGMENT_BYTES)
        except _Unanswered as error:
            self._note(part.url, str(error))
            return None

    def _note(self, url: str, cause: str) -> None:
        self.unread.append(Unread(url=url, cause=cause))

    async def _fetch(self, part: Part, *, limit_bytes: int) -> bytes:
        """The bytes of a part. Raises _Unanswered."""
        last = "" if part.length is None else part.start + part.length - 1
        ranged = {"Range": f"bytes={part.start}-{last}"} if part.start or part.length is not None else {}
        try:
            async with self._room, self._http.get(part.url, headers=ranged) as answer:
                self.responses[part.url] = Response(
                    content_type=answer.headers.get("Content-Type", ""),
                    content_encoding=answer.headers.get("Content-Encoding"),
                    redirected=bool(answer.history),
                )
                if answer.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                    raise _Unanswered(f"the server answers {answer.status}")
                return await _limited(answer, limit_bytes)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _Unanswered(f"it cannot be fetched ({type(error).__name__})") from error


async def _limited(answer: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    body = bytearray()
    async for portion in answer.content.iter_any():
        body += portion
        if len(body) > limit_bytes:
            raise _Unanswered(f"it is longer than {limit_bytes} bytes")
    return bytes(body)
