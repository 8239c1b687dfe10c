"""Requests that were right before something was changed in them get an answer of ours, and the same one again.

Random bytes are refused by the first check and reach nothing behind it (`test_routes`, `test_token`, `test_ranges` and
`test_selection` have those). Here valid requests are taken apart and put together otherwise: components of one path in
another, tokens of one directory before the next, headers with a field of each other.
"""

import asyncio
import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.terms import Terms
from origin.asset import Asset
from origin.descriptors import Descriptors
from origin.errors import NotThere
from origin.exchange import Answer, Request
from origin.image import ImageFormat, image_key
from origin.layout import asset_directory, progressive_key
from origin.lookup import Lookup
from origin.protected import Protected
from origin.protection.derived import DerivedKeys
from origin.reads.cache import Cache
from origin.running_order import directory
from origin.service import Service
from tests.origin.fuzzing import (
    ASSETS,
    IMAGE,
    KEYS,
    KID,
    NOW,
    ORDER,
    PICTURE,
    REVISION,
    SECRET,
    TERMS,
    WHOLE,
    WHOLE_BYTES,
    bounded,
    changed,
    token,
)

STREAMS = ("master.m3u8", "manifest.mpd", "aac-96.m3u8", "aac-96/header.mp4", "aac-96/1.m4s", "flac/0.m4s")
SERVING = ("license", "keys/cbcs/0.key", "keys/aes128/0.key")
FILES = [
    *STREAMS,
    *SERVING,
    "mp3-320.mp3",
    *(f"{scheme}/{name}" for scheme in ("aes128", "cbcs", "cenc") for name in STREAMS),
]


class Genuine(NamedTuple):
    """What a token that was minted here opens."""

    directory: str
    terms: Terms


SCOPES = [*(asset_directory(asset_id) for asset_id in ASSETS), directory(ORDER)]
GENUINE = {token(scope, terms): Genuine(scope, terms) for scope in SCOPES for terms in TERMS}
PATHS = [
    *(
        f"/{text}/{scope}{'' if scope.startswith('presentations') else f'{REVISION}/'}{name}".encode()
        for text, (scope, _) in GENUINE.items()
        for name in FILES
    ),
    f"/images/{IMAGE}/320.webp".encode(),
    b"/health/live",
    b"/health/ready",
]
COMPONENTS = [
    *{part for path in PATHS for part in path[1:].split(b"/")},
    *(b"", b".", b"..", b"%2e%2e", b"%2f", b"\\", b"?", b"\xff", b"\x00", b"9" * 12, b"a" * 600),
]


latin = st.text(st.characters(max_codepoint=255), max_size=20)
"""What a server gives for the bytes of a header."""


def field(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts) | st.builds("{}{}".format, st.sampled_from(texts), latin) | latin


parts = field("bytes=0-", "bytes=5-9", "bytes=-7", "bytes=0-0,3-4", "bytes=9999999-", "bytes=1-0")
headers = st.fixed_dictionaries(
    {},
    optional={
        "range": parts,
        "if-range": field('"x"', 'W/"x"', "Wed, 21 Oct 2015 07:28:00 GMT"),
        "if-none-match": field("*", '"x"', 'W/"x", "y"', '"'),
        "accept-encoding": field("gzip", "br;q=0.5, gzip", "*", "br;q=."),
        "origin": field("https://player.example", "null"),
    },
)
queries = st.sampled_from([b"", b"codecs=aac", b"codecs=flac,opus&max_bandwidth=1", b"codecs=", b"&;=%"]) | st.binary(
    max_size=40
)
READING = ("GET", "GET", "GET", "HEAD")
OTHERS = ("POST", "OPTIONS", "PUT", "get", "", "\xff")
bodies = st.sampled_from([b"", b"{}", b'{"kids": []}', json.dumps({"kids": [KID]}).encode(), b"[" * 65_537])


def requests(methods: tuple[str, ...], paths: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.builds(
        lambda method, raw_path, query, fields, body: Request(
            method=method, raw_path=raw_path, query=query, headers=fields, body=body
        ),
        st.sampled_from(methods),
        paths,
        queries,
        headers,
        bodies,
    )


ours = st.deferred(lambda: st.sampled_from([path for path in PATHS if told_of(path) == 200]))
theirs = st.sampled_from(PATHS).flatmap(lambda path: changed(path, COMPONENTS, b"/"))


class Memory:
    """The two assets, a whole file and an image; nothing ever goes wrong here."""

    def __init__(self, asset: Asset, stored: dict[str, bytes]) -> None:
        self._assets = {
            place: msgspec.structs.replace(asset, asset_id=place.asset_id, progressive=(WHOLE,)) for place in ORDER
        }
        self._stored = stored | {
            key.replace(str(ASSETS[0]), str(ASSETS[1])): content for key, content in stored.items()
        }
        self._stored |= {progressive_key(*place, f"{WHOLE.name}.{WHOLE.extension}"): WHOLE_BYTES for place in ORDER}
        self._stored[image_key(IMAGE, 320, ImageFormat.WEBP)] = PICTURE

    async def asset(self, asset_id, revision):
        try:
            return self._assets[asset_id, revision]
        except KeyError:
            raise NotThere("no descriptor") from None

    def held(self, _block):
        return None

    async def block(self, block):
        return block.checked(self._stored[block.key][block.span.start : block.span.end])

    def ahead(self, block):
        pass

    async def read(self, file, span):
        around = file.around(span)
        return file.checked(span, self._stored[file.key][around.start : around.end])

    async def image(self, image_id, size_px, image_format):
        key = image_key(image_id, size_px, image_format)
        if key not in self._stored:
            raise NotThere(key)
        return self._stored[key]

    async def ping(self):
        pass


@pytest.fixture(scope="module")
def start(recording) -> Callable[[], Service]:
    """A service that has answered nothing yet."""
    assert (recording.asset.asset_id, recording.asset.revision) == ORDER[0]
    store = Memory(recording.asset, recording.objects())
    return lambda: Service(
        store=store,
        lookup=Lookup(
            store=store,
            descriptors=Descriptors(store.asset, room_bytes=1_000_000),
            protected=Protected(provider=DerivedKeys(SECRET), cache=Cache(16 * 1024 * 1024), segments_per_period=1),
            keys=KEYS,
            manifest_max_age_s=10,
            clock=lambda: NOW,
        ),
    )


async def whole(answer: Answer) -> Answer:
    """With the rest behind the body."""
    rest = b"" if answer.rest is None else b"".join([part async for part in answer.rest])
    return msgspec.structs.replace(answer, body=answer.body + rest, rest=None, again=None)


def asked(start: Callable[[], Service], request: Request) -> Answer:
    """What one service says twice, and another one too."""

    async def ask() -> list[Answer]:
        first, second = start(), start()
        return [await whole(await service.answer(request)) for service in (first, first, second)]

    answer, again, elsewhere = asyncio.run(ask())
    assert answer == again == elsewhere
    return answer


@settings(bounded, max_examples=300)
@given(request=requests(READING, ours) | requests(READING, theirs) | requests(READING + OTHERS, theirs))
def test_any_request_is_answered_by_what_its_token_opens(start: Callable[[], Service], request: Request) -> None:
    answer = asked(start, request)
    assert answer.status in {200, 204, 206, 304, 400, 403, 404, 405, 413, 416}
    assert all(text.isascii() for header in answer.headers.items() for text in header)
    if answer.status in {200, 206, 304}:
        assert is_open(request.raw_path)
    elif answer.status != HTTPStatus.NO_CONTENT and request.method != "HEAD":
        assert answer.body == f"{HTTPStatus(answer.status).phrase}\n".encode()
    if request.method == "HEAD":
        assert answer.body == b""
    elif answer.status not in {204, 304}:
        assert answer.headers["content-length"] == str(len(answer.body))


@bounded
@given(path=ours, wanted=parts | st.builds("bytes={}-{}".format, st.integers(0, 10**6), st.integers(0, 10**6)))
def test_a_part_is_what_the_whole_has_there(start: Callable[[], Service], path: bytes, wanted: str) -> None:
    whole_of_it = asked(start, Request(method="GET", raw_path=path, headers={})).body
    answer = asked(start, Request(method="GET", raw_path=path, headers={"range": wanted}))
    assert int(answer.headers["content-length"]) == len(answer.body)
    if answer.status == HTTPStatus.OK:
        assert answer.body == whole_of_it
    if answer.status == HTTPStatus.PARTIAL_CONTENT and "content-range" in answer.headers:
        first, last, size = (int(number) for number in re.findall(r"\d+", answer.headers["content-range"]))
        assert (answer.body, size) == (whole_of_it[first : last + 1], len(whole_of_it))
    assert answer.status in {200, 206, 416}


def is_open(raw_path: bytes) -> bool:
    """Whether the path is open to all, or behind a token that was minted for its directory and for such media."""
    if raw_path in (b"/health/live", b"/health/ready", f"/images/{IMAGE}/320.webp".encode()):
        return True
    text, _, rest = raw_path.decode("ascii")[1:].partition("/")
    grant = GENUINE[text]
    file = rest.removeprefix(grant.directory)
    protected = any(f"/{mark}" in f"/{file}" for mark in ("aes128/", "cbcs/", "cenc/", "keys/", "license"))
    listed = grant.terms.codecs is None or not ("flac" in file or "mp3" in file)
    return file != rest and listed and grant.terms.protection in ("any", "protected" if protected else "clear")


def test_unchanged_paths_say_what_their_tokens_open(start: Callable[[], Service]) -> None:
    """So the property above is one of requests that reach the last check, not of refusals alone."""
    for path in PATHS:
        assert asked(start, Request(method="GET", raw_path=path, headers={})).status == told_of(path), path


def told_of(path: bytes) -> int:
    name = path.rpartition(b"/")[2]
    of_several = b"/presentations/" in path
    if (of_several and name not in (b"master.m3u8", b"manifest.mpd", b"aac-96.m3u8")) or not is_open(path):
        return 403
    if path.endswith(b"/aes128/manifest.mpd"):
        return 404  # DASH has no such scheme
    return 405 if name == b"license" else 200
