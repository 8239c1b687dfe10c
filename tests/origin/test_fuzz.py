"""Requests that were right before something was changed in them get an answer of ours, and the same one again.

Random bytes are refused by the first check and reach nothing behind it (`test_routes`, `test_token`, `test_ranges` and
`test_selection` have those). Here valid requests are taken apart and put together otherwise: components of one path in
another, tokens of one directory before the next, headers with a field of each other.
"""

import asyncio
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.errors import TokenRejected
from edge.terms import Terms
from edge.token import mint, verify
from origin.asset import (
    WHOLE_FILE_PART_BYTES,
    Asset,
    Codec,
    Loudness,
    Progressive,
    asset_directory,
    block_digest,
    progressive_key,
)
from origin.descriptors import Descriptors
from origin.encodings import Coding, negotiated
from origin.errors import MalformedLicenseRequest, MalformedQuery, NotThere, Refused
from origin.image import ImageFormat, image_key
from origin.protected import Protected
from origin.protection.clear_key import license_for
from origin.protection.derived import DerivedKeys
from origin.protection.keys import ContentKey
from origin.reads.cache import Cache
from origin.running_order import Place, directory, read, spell
from origin.selection import of_query
from origin.service import Answer, Request, Service

SECRET = bytes(range(32))
KEYS = {"k1": SECRET}
NOW = 1_800_000_000
ASSETS = (UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01"), UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e02"))
"""The first one is the session's recording, and the second has the same bytes."""
REVISION = 3
ORDER = [Place(asset_id, REVISION) for asset_id in ASSETS]
IMAGE = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e03")
PICTURE = b"a picture"
WHOLE_BYTES = bytes(range(256)) * 4700
"""Longer than what is read of a file at once."""
WHOLE = Progressive(
    name="mp3-320",
    extension="mp3",
    media_type="audio/mpeg",
    codec=Codec.MP3,
    codec_string="mp3",
    sample_rate_hz=44_100,
    channels=2,
    nominal_bandwidth_bps=320_000,
    average_bandwidth_bps=320_000,
    priming_samples=1105,
    padding_samples=0,
    sample_count=441_777,
    byte_length=len(WHOLE_BYTES),
    sha256="7" * 64,
    part_sha256s=tuple(
        block_digest(WHOLE_BYTES[start : start + WHOLE_FILE_PART_BYTES])
        for start in range(0, len(WHOLE_BYTES), WHOLE_FILE_PART_BYTES)
    ),
    gain_db=0.0,
    loudness=Loudness(integrated_lufs=-14.0, true_peak_dbtp=-1.5),
)
bounded = settings(deadline=None, max_examples=60)  # processors are shared with the services of other tests


# One field at a time.


@bounded
@given(
    st.lists(
        st.builds(
            lambda name, rest: f"{name}{rest}",
            st.sampled_from(["gzip", "br", "GZip", "x-gzip", "*", "identity", "zstd", ""]),
            st.sampled_from(["", ";q=0", "; q=0.5", ";q=1", ";q=.", ";q=1.1.1", ";q=99999", ";q=", " ", ";"])
            | st.text(max_size=8),
        ),
        max_size=6,
    ).map(",".join)
    | st.text()
)
def test_only_a_coding_that_was_named_is_taken(offer: str) -> None:
    taken = negotiated(offer)
    assert taken is None or taken.value in offer.lower()
    assert taken in {None, *Coding}


values = st.sampled_from(
    ["", "aac", "aac,opus", ",", "aac,,", "AAC", "160000", "0160000", "1e5", "-1", "%61ac", "%", "%zz"]
)


@bounded
@given(
    st.lists(
        st.builds(
            "{}{}{}".format, st.sampled_from(["codecs", "max_bandwidth", "CMCD", ""]), st.sampled_from("=;&"), values
        )
        | st.text(max_size=12),
        max_size=70,
    )
)
def test_fields_of_a_query_are_a_selection_or_our_error(fields: list[str]) -> None:
    try:
        selection = of_query("&".join(fields).encode("utf-8", "surrogatepass"))
    except MalformedQuery:
        return
    assert selection.codecs is None or all(family.isalnum() for family in selection.codecs)
    assert selection.max_bandwidth_bps is None or selection.max_bandwidth_bps > 0


@bounded
@given(st.data())
def test_an_order_has_one_spelling(data: st.DataObject) -> None:
    text = data.draw(changed(spell(ORDER).encode(), [b".", b"=", b"A", b"0", b"_", spell(ORDER).encode()]))
    order = read(text.decode("latin-1"))
    assert order is None or spell(order).encode() == text


@bounded
@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    """Its terms and its expiry least of all may be had otherwise than they were signed."""
    genuine = [token(asset_directory(ASSETS[0]), terms) for terms in TERMS]
    pieces = [part.encode() for text in genuine for part in text.split(".")]
    text = data.draw(changed(genuine[-1].encode(), [*pieces, b".", b"_", b"any"])).decode("latin-1")
    try:
        grant = verify(text, directory=asset_directory(ASSETS[0]), keys=KEYS, now_s=NOW)
    except TokenRejected:
        assert text not in genuine
    else:
        assert text in genuine
        assert grant.terms == TERMS[genuine.index(text)]


KEY = ContentKey(key_id=UUID(int=7), key=bytes(16), iv=bytes(16))
KID = urlsafe_b64encode(KEY.key_id.bytes).rstrip(b"=").decode()
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from([KID, "temporary"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["kids", "type", "keys", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@bounded
@given(json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))
@example(json.dumps({"kids": [KID], "type": "temporary"}).encode())
@example(json.dumps({"kids": [KID], "type": "persistent-license"}).encode())
@example(b'{"kids": ["\\ud800"]}')
@example(b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b',"kids":[]}')
def test_any_body_is_a_licence_or_our_error(body: bytes) -> None:
    try:
        told = license_for(body, [[KEY]])
    except (MalformedLicenseRequest, Refused):
        return
    assert [key["kid"] for key in json.loads(told)["keys"]] == [KID]


# Whole requests.


def token(scope: str, terms: Terms) -> str:
    return mint(key_id="k1", secret=SECRET, directory=scope, expires_at_s=NOW + 1, terms=terms)


TERMS = (
    Terms(),
    Terms(protection="protected"),
    Terms(protection="any"),
    Terms(codecs=frozenset({"aac"}), max_bandwidth_bps=100_000),
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


def changed(whole: bytes, pieces: list[bytes], separator: bytes = b".") -> st.SearchStrategy[bytes]:
    """Up to three changes of one field, or of one byte."""

    @st.composite
    def change(draw: Callable) -> bytes:
        data = whole
        for _ in range(draw(st.integers(0, 3))):
            fields = data.split(separator)
            at = draw(st.integers(0, len(fields) - 1))
            match draw(st.sampled_from(["replace", "insert", "drop", "double", "byte", "cut"])):
                case "replace":
                    fields[at] = draw(st.sampled_from(pieces))
                case "insert":
                    fields.insert(at, draw(st.sampled_from(pieces)))
                case "drop":
                    del fields[at]
                case "double":
                    fields.insert(at, fields[at])
                case "byte":
                    place = draw(st.integers(0, len(fields[at])))
                    fields[at] = fields[at][:place] + draw(st.binary(min_size=1, max_size=1)) + fields[at][place + 1 :]
                case "cut":
                    fields[at] = fields[at][: draw(st.integers(0, len(fields[at])))]
            data = separator.join(fields)
        return data

    return change()


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
        descriptors=Descriptors(store.asset, room_bytes=1_000_000),
        protected=Protected(provider=DerivedKeys(SECRET), cache=Cache(16 * 1024 * 1024), segments_per_period=1),
        keys=KEYS,
        manifest_max_age_s=10,
        clock=lambda: NOW,
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
