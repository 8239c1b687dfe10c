"""What the cache holds: within its room, and what is asked for often before what passes by."""

import random
from itertools import accumulate

import pytest

from origin.reads.cache import ENTRY_BYTES, WINDOW_SHARE, Cache
from origin.reads.sketch import MOST, SAMPLE, Sketch

SEGMENT_BYTES = 80_000
WEIGHT = SEGMENT_BYTES + ENTRY_BYTES


def ask(cache: Cache, key: object) -> bool:
    """Ask as the reader does: what is missing is read and put. True for a hit."""
    hit = cache.get(key) is not None
    if not hit:
        cache.put(key, key, size_bytes=SEGMENT_BYTES)
    return hit


def test_crawl_of_the_whole_library_leaves_the_hot_set() -> None:
    cache: Cache = Cache(100 * WEIGHT)
    hot = [("hot", number) for number in range(80)]
    for _ in range(3):
        for key in hot:
            ask(cache, key)
    for number in range(5000):
        ask(cache, ("crawled", number))
        if number % 5 == 0:  # each is asked for again after 400 strangers, four times what the cache has room for
            ask(cache, hot[number // 5 % len(hot)])
    assert sum(key in cache for key in hot) == len(hot)


def test_listeners_keep_their_hits_while_somebody_crawls() -> None:
    """Zipf's law for what is played, a crawl in between: a cache that forgets by age alone would hold nothing of it."""
    chance = random.Random(1)  # noqa: S311 -- the same play on every run
    cache: Cache = Cache(200 * WEIGHT)
    popular = [("track", number) for number in range(2000)]
    weights = list(accumulate(1 / (number + 1) for number in range(2000)))

    def share_of_hits(*, crawling: bool) -> float:
        hits = 0
        for number in range(6000):
            (key,) = chance.choices(popular, cum_weights=weights)
            hits += ask(cache, key)
            if crawling:
                for step in range(3):
                    ask(cache, ("crawled", number * 3 + step))
        return hits / 6000

    share_of_hits(crawling=False)
    alone, disturbed = share_of_hits(crawling=False), share_of_hits(crawling=True)
    assert alone > 0.6
    assert disturbed > alone - 0.08


def test_what_was_hot_goes_when_something_else_is() -> None:
    cache: Cache = Cache(50 * WEIGHT)
    for _ in range(20):
        for number in range(40):
            ask(cache, ("old", number))
    for _ in range(40):
        for number in range(40):
            ask(cache, ("new", number))
    assert sum(("new", number) in cache for number in range(40)) == 40


def test_what_is_new_stays_for_a_while_whatever_it_is() -> None:
    """A segment that was read ahead has not been asked for yet, and must be there when it is."""
    cache: Cache = Cache(100 * WEIGHT)
    for _ in range(3):
        for number in range(100):
            ask(cache, ("hot", number))
    cache.put("ahead", b"", size_bytes=SEGMENT_BYTES)
    for number in range(int(100 * WINDOW_SHARE) - 1):
        ask(cache, ("other", number))
    assert "ahead" in cache


def test_room_is_never_exceeded() -> None:
    chance = random.Random(2)  # noqa: S311 -- the same sizes on every run
    cache: Cache = Cache(1_000_000)
    for number in range(5000):
        key = chance.randrange(400)
        if cache.get(key) is None:
            cache.put(key, number, size_bytes=chance.choice((1000, 30_000, 99_000, 200_000)))
        assert cache.held_bytes <= 1_000_000
    assert cache.held_bytes > 700_000


@pytest.mark.parametrize("size_bytes", [900_001, 5_000_000], ids=["larger than the main part", "larger than all"])
def test_what_does_not_fit_is_not_held_and_drives_nothing_out(size_bytes) -> None:
    cache: Cache = Cache(1_000_000)
    cache.put("small", "value", size_bytes=1000)
    for _ in range(3):
        cache.get("large")
    cache.put("large", "value", size_bytes=size_bytes)
    assert "large" not in cache
    assert cache.get("small") == "value"


def test_putting_again_changes_nothing() -> None:
    cache: Cache = Cache(1_000_000)
    for _ in range(2):
        cache.put("key", "value", size_bytes=1000)
    assert cache.held_bytes == 1000 + ENTRY_BYTES


def test_sketch_counts_no_less_than_happened_up_to_its_most() -> None:
    sketch = Sketch(1000)
    for number in range(100):
        for _ in range(number % 20):
            sketch.add(number)
    for number in range(100):
        assert sketch.count(number) >= min(number % 20, MOST)
    assert sum(sketch.count(("stranger", number)) for number in range(100)) <= 5


def test_sketch_halves_its_counts_now_and_then() -> None:
    sketch = Sketch(64)
    for _ in range(8):
        sketch.add("yesterday")
    for number in range(64 * SAMPLE - 8):
        sketch.add(("today", number % 400))
    assert 4 <= sketch.count("yesterday") <= 6
