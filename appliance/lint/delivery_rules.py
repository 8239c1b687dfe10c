"""Rules of delivery: what the server says with the playlists and segments."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.lint.findings import Finding, Rule, must, unreadable
from appliance.lint.stream import Response, Stream

PLAYLIST_TYPES = ("application/vnd.apple.mpegurl", "audio/mpegurl")


def everything_can_be_had(stream: Stream) -> Iterator[Finding]:
    for unread in stream.unread:
        yield unreadable("7.1", unread.url, unread.cause)


def media_are_not_redirected(stream: Stream) -> Iterator[Finding]:
    for url, response in stream.responses.items():
        if response.redirected:
            yield must("8.18", url, "the answer is a redirect")


def playlists_are_compressed(stream: Stream) -> Iterator[Finding]:
    for url, response in _playlists(stream):
        if response.content_encoding not in ("gzip", "br"):
            yield must("10.1", url, "the playlist is not compressed for a client that takes gzip")


def playlists_have_their_type(stream: Stream) -> Iterator[Finding]:
    for url, response in _playlists(stream):
        media_type = response.content_type.partition(";")[0].strip().lower()
        if media_type not in PLAYLIST_TYPES:
            yield must("RFC 8216 4", url, f"the playlist is sent as {media_type or 'nothing'}")


def _playlists(stream: Stream) -> Iterator[tuple[str, Response]]:
    multivariant = () if stream.multivariant is None else (stream.multivariant.url,)
    for url in (*multivariant, *stream.medias):
        if url in stream.responses:
            yield url, stream.responses[url]


RULES: tuple[Rule, ...] = (
    everything_can_be_had,
    media_are_not_redirected,
    playlists_are_compressed,
    playlists_have_their_type,
)
