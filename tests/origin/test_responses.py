import pytest

from origin import responses
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
from origin.resources import Resource, Stored, Written

ETAG = '"abc-7"'
SEGMENT = Resource(
    content_type="video/iso.segment",
    etag=ETAG,
    cache_control="public, max-age=31536000, immutable",
    body=Stored(key="k", span=Span(start=700, length=1000)),
)
MANIFEST = Resource(
    content_type="application/dash+xml",
    etag='"def-gzip"',
    cache_control="public, max-age=20",
    body=Written(b"x" * 50),
    encoding="gzip",
    varies=True,
)


def get(headers=None, resource=SEGMENT):
    return responses.reply("GET", headers or {}, resource)


def test_whole_segment() -> None:
    reply = get()
    assert (reply.status, reply.span) == (200, Span(start=0, length=1000))
    assert reply.headers == {
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "Content-Length, Content-Range, ETag, Retry-After",
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
    assert head.span is None
    assert (head.status, head.headers) == (200, get(resource=resource).headers)


@pytest.mark.parametrize(
    "value",
    [ETAG, f"W/{ETAG}", f'"x", {ETAG}', f'"x",W/{ETAG} , "y"', "*", " * "],
    ids=["the tag", "weak", "in a list", "weak in a list", "a star", "a star in blanks"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_known_tag_is_not_sent_again(method, value) -> None:
    reply = responses.reply(method, {"if-none-match": value, "range": "bytes=0-1"}, SEGMENT)
    assert (reply.status, reply.span) == (304, None)
    assert reply.headers["etag"] == ETAG
    assert reply.headers["cache-control"] == SEGMENT.cache_control
    assert "content-length" not in reply.headers


@pytest.mark.parametrize("value", ["", "abc-7", '"abc"', '"abc-77"', 'W/"x"', '"*"'])
def test_another_tag_gets_the_whole(value) -> None:
    assert get({"if-none-match": value}).status == 200


def test_range_is_a_part_with_its_place() -> None:
    reply = get({"range": "bytes=100-199"})
    assert (reply.status, reply.span) == (206, Span(start=100, length=100))
    assert reply.headers["content-range"] == "bytes 100-199/1000"
    assert reply.headers["content-length"] == "100"
    assert SEGMENT.body.part(reply.span) == Span(start=800, length=100)


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


@pytest.mark.parametrize("offer", ["gzip", "deflate, gzip;q=0.5, br", "GZIP", "gzip; q=1.0", "x-gzip"])
def test_gzip_is_taken_when_offered(offer) -> None:
    assert responses.wants_compressed({"accept-encoding": offer})
    assert not responses.wants_compressed({"accept-encoding": offer, "range": "bytes=0-1"})


@pytest.mark.parametrize("offer", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*", "gzipped"])
def test_gzip_is_not_sent_unasked(offer) -> None:
    assert not responses.wants_compressed({"accept-encoding": offer})


def test_preflight_allows_ranges_and_cmcd_for_anybody() -> None:
    reply = responses.preflight()
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == "*"
    allowed = set(reply.headers["access-control-allow-headers"].split(", "))
    assert {"Range", "CMCD-Request", "CMCD-Object", "CMCD-Status", "CMCD-Session"} <= allowed
    assert reply.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


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
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["content-length"] == str(len(body))
    assert ("retry-after" in reply.headers) == (status == 503)
    assert ("allow" in reply.headers) == (status == 405)
