"""What has been answered once may be answered again: to whom, and until when."""

import pytest

from edge.terms import Terms
from origin.exchange import Request
from origin.hot.answers import Answers
from origin.hot.head import Plain
from origin.hot.memo import Memo

PROTECTED = Terms(protection="protected")
LISTED = "https://player.example"


@pytest.fixture
def bench(make_bench):
    return make_bench(Answers)


@pytest.fixture
def told(bench):
    async def told(path: str, *, method: str = "GET", query: bytes = b"", **headers: str):
        """Ask the application twice, and let the hot path learn what it says."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method=method, raw_path=path.encode(), query=query, headers=named)
        for _ in range(2):
            answer = await bench.service.answer(request)
            bench.answers.learn(request, answer)
        return answer

    return told


def found(bench, path: str, **fields: str):
    return bench.answers.find(Plain(path.encode(), **fields))


@pytest.mark.parametrize("name", ["aac-96/0.m4s", "aac-96/header.mp4", "aac-96.m3u8", "master.m3u8", "manifest.mpd"])
async def test_same_headers_and_bytes_for_another_listener(bench, told, path, name) -> None:
    answer = await told(path(name))
    ready, body = found(bench, path(name, lifetime_s=1234))
    assert body == answer.body
    assert ready.lines.decode() == "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    assert ready.path == path(name).split("/", 2)[2]


@pytest.mark.parametrize("name", ["aes128/aac-96/0.m4s", "cbcs/aac-96/0.m4s", "cenc/flac/header.mp4", "cbcs/flac.m3u8"])
async def test_protected_media_for_who_may_have_them(bench, told, path, name) -> None:
    answer = await told(path(name, terms=PROTECTED))
    assert found(bench, path(name, terms=PROTECTED, lifetime_s=9))[1] == answer.body
    assert found(bench, path(name)) is None
    assert found(bench, path(name, terms=Terms(protection="any"))) is None  # of other terms nothing was learnt


async def test_nothing_is_known_before_it_was_answered_twice(bench, path) -> None:
    request = Request(method="GET", raw_path=path("aac-96/0.m4s").encode(), headers={})
    for is_known in (False, False, True):
        assert (found(bench, path("aac-96/0.m4s")) is not None) == is_known
        bench.answers.learn(request, await bench.service.answer(request))


@pytest.mark.parametrize("changes", [{"secret": bytes(32)}, {"lifetime_s": 0}, {"lifetime_s": -1}])
async def test_bad_token_is_the_applications_to_refuse(bench, told, path, changes) -> None:
    await told(path("aac-96/0.m4s"))
    assert found(bench, path("aac-96/0.m4s", **changes)) is None


async def test_token_ends_at_its_second(bench, told, path, clock) -> None:
    await told(path("aac-96/0.m4s", lifetime_s=5))
    clock.now_s += 4.999
    assert found(bench, path("aac-96/0.m4s", lifetime_s=5)) is not None
    clock.now_s += 0.001
    assert found(bench, path("aac-96/0.m4s", lifetime_s=5)) is None


async def test_token_of_one_asset_opens_no_other(bench, told, path, recording) -> None:
    await told(path("aac-96/0.m4s"))
    asset = str(recording.asset.asset_id)
    assert found(bench, path("aac-96/0.m4s").replace(asset, asset[:-1] + "f")) is None


@pytest.mark.parametrize("broken", ["/", "/x", "/x/", "/x/assets/../aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "//assets/"])
def test_path_of_another_shape_is_not_known(bench, broken) -> None:
    assert found(bench, broken) is None


async def test_withdrawn_asset_is_gone_at_once(bench, told, path, recording) -> None:
    for name in ("aac-96/0.m4s", "aac-96.m3u8"):
        await told(path(name))
        assert found(bench, path(name)) is not None
    bench.withdrawals.told(recording.asset.asset_id, withdrawn=True)
    assert found(bench, path("aac-96/0.m4s")) is None
    assert found(bench, path("aac-96.m3u8")) is None
    assert (await told(path("aac-96/0.m4s"))).status == 410
    bench.withdrawals.told(recording.asset.asset_id, withdrawn=False)
    assert found(bench, path("aac-96/0.m4s")) is not None


async def test_unknown_whether_withdrawn_is_the_applications_to_find_out(bench, told, path, clock) -> None:
    await told(path("aac-96/0.m4s"))
    clock.now_s += 1
    bench.withdrawals.unfollowed()
    bench.withdrawals.followed()
    assert found(bench, path("aac-96/0.m4s")) is None
    await told(path("aac-96/0.m4s"))
    assert found(bench, path("aac-96/0.m4s")) is not None


async def test_bytes_that_memory_has_let_go_are_not_held_here(bench, told, path) -> None:
    await told(path("flac/0.m4s"))
    bench.memory.cache.__init__(64 * 1024 * 1024)
    assert found(bench, path("flac/0.m4s")) is None


async def test_next_segment_is_read_ahead_each_time(bench, told, path, recording) -> None:
    await told(path("aac-96/0.m4s"))
    bench.memory.ahead_of.clear()
    found(bench, path("aac-96/0.m4s"))
    assert bench.memory.ahead_of == [recording.asset.rendition("aac-96").segments[1].sha256]


async def test_each_coding_has_its_answer(bench, told, path) -> None:
    bodies = {coding: (await told(path("flac.m3u8"), accept_encoding=coding)).body for coding in ("br", "gzip")}
    for coding, body in bodies.items():
        assert found(bench, path("flac.m3u8"), accept_encoding=f"{coding};q=0.5, x")[1] == body
    assert found(bench, path("flac.m3u8")) is None


async def test_listed_origin_has_its_answer(make_bench, path) -> None:
    bench = make_bench(Answers, allowed_origins=frozenset({LISTED}))
    for origin in ({"origin": LISTED}, {}) * 2:
        request = Request(method="GET", raw_path=path("aac-96/0.m4s").encode(), headers=origin)
        bench.answers.learn(request, await bench.service.answer(request))
    assert (
        f"access-control-allow-origin: {LISTED}".encode() in found(bench, path("aac-96/0.m4s"), origin=LISTED)[0].lines
    )
    for other in ({}, {"origin": "https://elsewhere.example"}):
        assert b"access-control-allow-origin" not in found(bench, path("aac-96/0.m4s"), **other)[0].lines


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"method": "HEAD"}, id="a head"),
        pytest.param({"range": "bytes=0-9"}, id="a part"),
        pytest.param({"if_none_match": "*"}, id="what the client has"),
        pytest.param({"query": b"codecs=aac"}, id="a narrowed manifest"),
    ],
)
async def test_answers_to_other_questions_are_not_learnt(bench, told, path, asked) -> None:
    await told(path("master.m3u8"), **asked)
    assert found(bench, path("master.m3u8")) is None


@pytest.mark.parametrize("name", ["nothing.m3u8", "aac-96/99.m4s", "keys/cbcs/0.key"])
async def test_errors_and_secrets_are_not_learnt(bench, told, path, name) -> None:
    await told(path(name, terms=Terms(protection="any")))
    assert found(bench, path(name, terms=Terms(protection="any"))) is None


def test_memo_lets_the_one_go_that_was_used_longest_ago() -> None:
    memo: Memo[str, int] = Memo(2)
    for number, key in enumerate("ab"):
        memo.put(key, number)
    memo.get("a")
    memo.put("c", 2)
    assert [memo.get(key) for key in "abc"] == [0, None, 2]
    assert len(memo) == 2
