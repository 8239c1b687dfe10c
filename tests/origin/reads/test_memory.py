import asyncio
import sys

import pytest

from loadtests.bench.crawl import DESCRIPTOR_CACHE_BYTES, SEGMENT_CACHE_BYTES, crawl_row

FLAC_SEGMENT_BYTES = 400_000
"""Few and large, so that the crawl takes few requests."""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: /proc tells what a process holds")
def test_crawl_of_the_whole_library_grows_an_origin_by_its_caches_and_a_tenth(tmp_path) -> None:
    peak = asyncio.run(crawl_row(tmp_path, lengths=[FLAC_SEGMENT_BYTES], times=1.4))
    assert peak.megabytes <= 1.1 * (SEGMENT_CACHE_BYTES + DESCRIPTOR_CACHE_BYTES) / 1e6
    assert peak.megabytes > 0.8 * SEGMENT_CACHE_BYTES / 1e6  # the cache has been filled
