"""Heads of requests: what the hot path reads is what the parser under the application reads, or nothing."""

import random

import httptools
import pytest

from origin.hot.head import MAX_BYTES, NOT_PLAIN, WITH_QUERY, Plain, read

GET = b"GET /t/a/0.m4s HTTP/1.1\r\n"


def test_a_plain_request() -> None:
    fields = b"Host: x\r\nAccept-Encoding: gzip, br\r\norigin:https://p.example\r\nX-REQUEST-ID:\tabc-1234\r\n\r\n"
    assert read(GET + fields) == Plain(b"/t/a/0.m4s", "gzip, br", "https://p.example", "abc-1234")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GET + b"\r\n", id="no field at all"),
        pytest.param(GET + b"Connection: Keep-Alive\r\n\r\n", id="a connection that stays open"),
        pytest.param(b"GET /t/a/0.m4s?CMCD=bl%3D2000 HTTP/1.1\r\n\r\n", id="a query that means nothing"),
        pytest.param(GET + b"Cookie: a=b; c=d\r\nCMCD-Request: bl=1\r\n\r\n", id="fields that mean nothing"),
    ],
)
def test_plain_enough(data) -> None:
    assert read(data) == Plain(b"/t/a/0.m4s")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(GET, id="half a head"),
        pytest.param(GET + b"Host: x\r\n\r\nG", id="something behind it"),
        pytest.param((GET + b"\r\n") * 2, id="two at once"),
        pytest.param(b"\r\n" + GET + b"\r\n", id="an empty line before it"),
        pytest.param(b"HEAD /t/a/0.m4s HTTP/1.1\r\n\r\n", id="another method"),
        pytest.param(b"GET /t/a/0.m4s HTTP/1.0\r\n\r\n", id="an older version"),
        pytest.param(b"GET http://x/t/a/0.m4s HTTP/1.1\r\n\r\n", id="a whole address"),
        pytest.param(b"GET /t/%61/0.m4s HTTP/1.1\r\n\r\n", id="an escape in the path"),
        pytest.param(b"GET /t/a/0.m4s#x HTTP/1.1\r\n\r\n", id="a fragment"),
        pytest.param(b"GET /t/a/master.m3u8?codecs=aac HTTP/1.1\r\n\r\n", id="a query that narrows"),
        pytest.param(GET + b"Connection: close\r\n\r\n", id="a connection that ends"),
        pytest.param(GET + b"Host : x\r\n\r\n", id="a blank before the colon"),
        pytest.param(GET + b"Host: x\r\n y\r\n\r\n", id="a folded line"),
        pytest.param(GET + b"Host: x\n\r\n", id="a bare line feed"),
        pytest.param(GET + b"Host: x\ry\r\n\r\n", id="a bare carriage return"),
        pytest.param(GET + b"Host: \xe9\r\n\r\n", id="a letter outside of ASCII"),
        pytest.param(GET + b"Via: a\r\nvia: b\r\n\r\n", id="a field twice"),
        pytest.param(GET + b"A: " + b"a" * MAX_BYTES + b"\r\n\r\n", id="too long"),
    ],
)
def test_not_plain(data) -> None:
    assert read(data) is None


@pytest.mark.parametrize("name", sorted(NOT_PLAIN))
def test_fields_that_have_to_be_thought_about(name) -> None:
    assert read(GET + name.title().encode() + b": 1\r\n\r\n") is None


class Reference:
    """What the server's parser makes of the same bytes."""

    def __init__(self, data: bytes) -> None:
        self.target, self.fields, self.heads, self.ends = b"", [], 0, 0
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url) -> None:
        self.target += url

    def on_header(self, name, value) -> None:
        self.fields.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.heads += 1

    def on_message_complete(self) -> None:
        self.ends += 1


TARGETS = [b"/", b"/t/a/0.m4s", b"/t//a", b"/t/../a", b"/t/a/master.m3u8", b"*", b"x", b"/%2e", b"/a b", b"//h/a"]
QUERIES = [b"", b"?", b"?a=b&c", b"?%41", b"?a?b", b"#f", b"?a#f"]
NAMES = [b"Host", b"accept-encoding", b"Origin", b"x-request-id", b"Connection", b"Cookie", b"Via", b"A!b", b"B d", b""]
NAMES += [name.encode() for name in sorted(NOT_PLAIN)]
VALUES = [
    b"x",
    b" x",
    b"\tx \t",
    b"",
    b" ",
    b"keep-alive",
    b"close",
    b"gzip, br",
    b"0",
    b"a:b",
    b"\x01",
    b"\xff",
    b"x\n",
]
ENDS = [b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n "]


def a_head(rng: random.Random) -> bytes:
    line = [b"GET", b"GET", b"GET", b"get", b"HEAD", b"GET "][rng.randrange(6)] + b" " + rng.choice(TARGETS)
    line += rng.choice(QUERIES) + b" " + rng.choice([b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"http/1.1"])
    often = rng.random() < 0.7  # well-formed, so that many heads get through
    fields = [
        rng.choice(NAMES[:9] if often else NAMES)
        + b":"
        + rng.choice(VALUES[:9] if often else VALUES)
        + (b"\r\n" if often else rng.choice(ENDS))
        for _ in range(rng.randrange(4))
    ]
    return line + b"\r\n" + b"".join(fields) + b"\r\n"


def test_whatever_is_read_the_parser_reads_too() -> None:
    rng = random.Random(20)  # noqa: S311 -- the same heads in every run
    plain_heads = 0
    for _ in range(20_000):
        data = a_head(rng)
        plain = read(data)
        if plain is None:
            continue
        plain_heads += 1
        seen = Reference(data)
        path, _, query = seen.target.partition(b"?")
        fields = dict(seen.fields)
        assert (seen.parser.get_method(), seen.parser.get_http_version()) == (b"GET", "1.1")
        assert (seen.heads, seen.ends, seen.parser.should_keep_alive(), seen.parser.should_upgrade()) == (
            1,
            1,
            True,
            False,
        )
        assert httptools.parse_url(seen.target).path == path
        told = [fields.get(name) for name in ("accept-encoding", "origin", "x-request-id")]
        assert plain == Plain(path, *told)
        assert len(fields) == len(seen.fields)
        assert NOT_PLAIN.isdisjoint(fields)
        assert not (query and path.endswith(WITH_QUERY))
    assert plain_heads == 750
