from fractions import Fraction
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from origin.timeline import (
    heard_ticks,
    listed_ticks,
    longest_microseconds,
    segment_microseconds,
    start_microseconds,
    target_duration_s,
)

rates = st.sampled_from([8_000, 11_025, 22_050, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000])
stored = st.lists(st.integers(2_000, 200_000), min_size=1, max_size=200).map(tuple)


@given(rates, stored, st.integers(0, 999), st.integers(0, 999))
def test_every_position_is_within_half_a_microsecond(make_rendition, rate, ticks, priming, padding) -> None:
    rendition = make_rendition(ticks=ticks, sample_rate_hz=rate, priming_samples=priming, padding_samples=padding)
    told, listed = 0, 0
    for microseconds, count in zip(segment_microseconds(rendition), listed_ticks(rendition), strict=True):
        told, listed = told + microseconds, listed + count
        assert abs(Fraction(listed, rate) - Fraction(told, 1_000_000)) <= Fraction(1, 2_000_000)
    assert listed == sum(heard_ticks(rendition)) == rendition.sample_count


@given(rates, stored, st.integers(0, 999), st.integers(0, 999))
def test_hls_says_where_a_segment_lies_in_its_media(make_rendition, rate, ticks, priming, padding) -> None:
    rendition = make_rendition(ticks=ticks, sample_rate_hz=rate, priming_samples=priming, padding_samples=padding)
    *ends, end = accumulate(listed_ticks(rendition))
    assert (tuple(ends), end) == (tuple(accumulate(ticks[:-1])), rendition.sample_count)


def test_a_last_segment_that_is_no_longer_than_the_priming_is_told_as_it_is_heard(make_rendition) -> None:
    rendition = make_rendition(ticks=(2000, 2000, 400), priming_samples=300, padding_samples=100)
    assert listed_ticks(rendition) == heard_ticks(rendition) == (1700, 2000, 300)


def test_a_segment_of_padding_alone_is_not_heard(make_rendition) -> None:
    rendition = make_rendition(ticks=(1000, 1000, 400, 300), priming_samples=100, padding_samples=750)
    assert heard_ticks(rendition) == (900, 950)


def test_target_duration_rounds_to_nearest_over_all_renditions(make_asset, make_rendition) -> None:
    short = make_rendition("aac-96", ticks=(100_000,), sample_rate_hz=48_000)
    below = make_rendition("aac-160", ticks=(215_999,), sample_rate_hz=48_000)
    half = make_rendition("aac-320", ticks=(216_000,), sample_rate_hz=48_000)
    assert target_duration_s(make_asset(short, below)) == 4
    assert target_duration_s(make_asset(short, half)) == 5
    assert longest_microseconds(make_asset(short, half)) == 4_500_000


def test_target_duration_is_never_zero(make_asset, make_rendition) -> None:
    assert target_duration_s(make_asset(make_rendition(ticks=(441,)))) == 1


def test_presentation_is_rounded_up(make_asset, make_rendition) -> None:
    assert start_microseconds([make_asset(make_rendition(ticks=(1,)))]) == (0, 23)  # 22.68 microseconds
    assert start_microseconds([make_asset(make_rendition(ticks=(48_000,), sample_rate_hz=48_000))]) == (0, 1_000_000)


@given(st.lists(st.tuples(rates, st.integers(1, 10_000_000)), min_size=1, max_size=100))
def test_no_error_adds_up_over_tracks(make_asset, make_rendition, tracks) -> None:
    assets = [make_asset(make_rendition(ticks=(ticks,), sample_rate_hz=rate)) for rate, ticks in tracks]
    exact = Fraction(0)
    for start, (rate, ticks) in zip(start_microseconds(assets)[1:], tracks, strict=True):
        exact += Fraction(ticks, rate)
        assert 0 <= start - exact * 1_000_000 < 1


def test_a_track_is_as_long_as_its_longest_rendition(make_asset, make_rendition) -> None:
    asset = make_asset(
        make_rendition("opus-96", ticks=(48_001,), sample_rate_hz=48_000),
        make_rendition("aac-96", ticks=(44_100,)),
    )
    assert start_microseconds([asset, asset]) == (0, 1_000_021, 2_000_042)
