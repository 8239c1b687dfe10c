from datetime import UTC, datetime

import numpy as np
import pytest

from appliance.synth.draws import charts, generator, keys, pairs, popular, shares, skewed, times_ms
from appliance.synth.sizes import Sizes
from appliance.synth.words import names, titles

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_keys_are_version_7_and_ascend_with_time() -> None:
    rng = generator(1, "keys")
    moments = times_ms(rng, 1000, now=NOW)
    made = keys(rng, moments)
    assert {(key.version, key.variant) for key in made} == {(7, "specified in RFC 4122")}
    assert [key.int >> 80 for key in made] == moments.tolist()
    assert len(set(made)) == 1000


def test_a_hundredth_gets_a_third() -> None:
    chosen = skewed(generator(1, "skew"), 1000, 100_000)
    assert 0.29 < np.count_nonzero(chosen < 10) / 100_000 < 0.34
    assert (chosen.min(), chosen.max()) == (0, 999)


def test_what_is_popular_lies_anywhere_and_stays_popular() -> None:
    among = charts(1, 1000)
    first, second = (
        np.bincount(popular(generator(1, purpose), among, 100_000), minlength=1000).argmax() for purpose in "ab"
    )
    assert first == second == among[0]


def test_shares_add_up() -> None:
    assert shares(generator(1, "shares"), 12_345, 100, spread=1).sum() == 12_345


def test_pairs_are_there_once_and_in_order() -> None:
    owners, things = pairs(np.array([2, 0, 2, 2]), np.array([1, 5, 1, 0]), things_size=6)
    assert list(zip(owners.tolist(), things.tolist(), strict=True)) == [(0, 5), (2, 0), (2, 1)]


def test_one_purpose_does_not_disturb_another() -> None:
    assert generator(1, "a").random() != generator(1, "b").random()
    assert generator(1, "a").random() == generator(1, "a").random()


def test_titles_share_words_and_names_do_not() -> None:
    rng = generator(1, "words")
    assert len({word for title in titles(rng, 1000) for word in title.split() if word.isalpha()}) < 200
    assert len(set(names(rng, 1000))) == 1000


def test_a_size_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Sizes(tracks=0)
