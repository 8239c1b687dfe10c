import pytest

from origin import responses
from origin.encodings import Coding
from origin.errors import (
    DamagedAsset,
    MethodNotAllowed,
    NotThere,
    OriginError,
    RangeUnsatisfiable,
    Refused,
    StoreAway,
)
from origin.ranges import Span
from origin.reads.whole import WholeObject
from origin.resources import Resource, Stored, Written

ETAG = '"abc-7"'
SEGMENT = Resource(
    content_type="video/iso.segment",
    etag=ETAG,
    headers={"cache-control": "public, max-age=31536000, immutable"},
    body=Stored(WholeObject(key="k", size=1000)),
)
MANIFEST = Resource(
    content_type="application/dash+xml",
    etag='"def-gzip"',
    headers={"cache-control": "public, max-age=20", "vary": "Accept-Encoding"},
    body=Written(b"x" * 50),
    coding=Coding.GZIP,
)


def get(headers=None, resource=SEGMENT):
    return responses.reply("GET", headers or {}, resource)


def test_whole_segment() -> None:
    reply = get()
    assert (reply.status, reply.pieces) == (200, (Span(start=0, length=1000),))
    assert reply.headers == {
        "accept-ranges": "bytes",
        "cache-control": "public, max-age=31536000, immutable",
        "etag": ETAG,
        "content-type": "video/iso.segment",
        "content-length": "1000",
    }


def test_compressed_manifest_names_its_encoding_and_varies() -> None:
    headers = get(resource=MANIFEST).headers
    assert headers["content-encoding"] == "gzip"
    assert headers["vary"] == "Accept-Encoding"
    assert headers["content-length"] == "50"


@pytest.mark.parametrize("resource", [SEGMENT, MANIFEST], ids=["segment", "manifest"])
def test_head_has_the_headers_of_get_and_no_body(resource) -> None:
    head = responses.reply("HEAD", {"range": "bytes=0-1"}, resource)
    assert head.pieces == ()
    assert (head.status, head.headers) == (200, get(resource=resource).headers)


@pytest.mark.parametrize(
    "value",
    [ETAG, f"W/{ETAG}", f'"x", {ETAG}', f'"x",W/{ETAG} , "y"', "*", " * "],
    ids=["the tag", "weak", "in a list", "weak in a list", "a star", "a star in blanks"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_known_tag_is_not_sent_again(method, value) -> None:
    reply = responses.reply(method, {"if-none-match": value, "range": "bytes=0-1"}, SEGMENT)
    assert (reply.status, reply.pieces) == (304, ())
    assert reply.headers["etag"] == ETAG
    assert reply.headers["cache-control"] == SEGMENT.headers["cache-control"]
    assert "content-length" not in reply.headers


@pytest.mark.parametrize("value", ["", "abc-7", '"abc"', '"abc-77"', 'W/"x"', '"*"'])
def test_another_tag_gets_the_whole(value) -> None:
    assert get({"if-none-match": value}).status == 200


def test_range_is_a_part_with_its_place() -> None:
    reply = get({"range": "bytes=100-199"})
    assert (reply.status, reply.pieces) == (206, (Span(start=100, length=100),))
    assert reply.headers["content-range"] == "bytes 100-199/1000"
    assert reply.headers["content-length"] == "100"


def test_range_holds_under_the_same_strong_tag_only() -> None:
    assert get({"range": "bytes=0-1", "if-range": ETAG}).status == 206
    for other in ('"old"', f"W/{ETAG}", "Fri, 20 Nov 2026 10:00:00 GMT"):
        reply = get({"range": "bytes=0-1", "if-range": other})
        assert (reply.status, reply.headers["content-length"]) == (200, "1000")


def test_stale_if_range_makes_a_bad_range_harmless() -> None:
    assert get({"range": "bytes=5000-", "if-range": '"old"'}).status == 200


def test_range_behind_the_end_tells_the_size() -> None:
    with pytest.raises(RangeUnsatisfiable) as raised:
        get({"range": "bytes=1000-"})
    reply, body = responses.refusal(raised.value)
    assert (reply.status, reply.headers["content-range"]) == (416, "bytes */1000")
    assert body == b"Requested Range Not Satisfiable\n"


def test_several_ranges_are_a_body_of_parts() -> None:
    reply = get({"range": "bytes=0-9,500-599"})
    assert (reply.status, reply.headers["content-type"]) == (206, "multipart/byteranges; boundary=abc-7")
    assert [piece for piece in reply.pieces if isinstance(piece, Span)] == [
        Span(start=0, length=10),
        Span(start=500, length=100),
    ]
    own = sum(len(piece) for piece in reply.pieces if isinstance(piece, bytes))
    assert reply.headers["content-length"] == str(own + 110)
    assert "content-range" not in reply.headers


def test_part_is_cut_from_plain_bytes() -> None:
    assert responses.coding_for({"accept-encoding": "gzip, br"}) is Coding.BROTLI
    assert responses.coding_for({"accept-encoding": "gzip, br", "range": "bytes=0-1"}) is None
    assert responses.coding_for({}) is None


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Refused("token_forged"), 403, b"Forbidden\n"),
        (NotThere("no rendition"), 404, b"Not Found\n"),
        (MethodNotAllowed(), 405, b"Method Not Allowed\n"),
        (StoreAway("secret host"), 503, b"Service Unavailable\n"),
        (DamagedAsset("secret key"), 500, b"Internal Server Error\n"),
        (OriginError(), 500, b"Internal Server Error\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_refusal_says_its_status_and_no_cause(error, status, body) -> None:
    reply, sent = responses.refusal(error)
    assert (reply.status, sent) == (status, body)
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-length"] == str(len(body))
    assert ("retry-after" in reply.headers) == (status == 503)
    assert ("allow" in reply.headers) == (status == 405)
