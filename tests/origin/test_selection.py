from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.terms import Terms
from origin.errors import MalformedQuery, NotThere
from origin.selection import EVERYTHING, Selection, narrowed, of_query, of_terms, select

AAC = frozenset({"aac"})
AAC_AND_OPUS = frozenset({"aac", "opus"})

selections = st.builds(
    Selection,
    codecs=st.none() | st.frozensets(st.sampled_from(["aac", "opus", "flac"])),
    max_bandwidth_bps=st.none() | st.integers(1, 400_000),
)


@pytest.fixture(scope="module")
def asset(make_asset, make_rendition):
    """A rung's nominal bandwidth stands in its name; its peak is above it."""
    return make_asset(
        *(
            make_rendition(name, average_bandwidth_bps=int(name.partition("-")[2]) * 1000, peak_bandwidth_bps=2_000_000)
            for name in ("aac-96", "aac-160", "opus-24", "flac-900")
        )
    )


def names(asset) -> list[str]:
    return [rendition.name for rendition in asset.renditions]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        pytest.param({}, ["aac-96", "aac-160", "opus-24", "flac-900"], id="everything"),
        pytest.param({"codecs": AAC}, ["aac-96", "aac-160"], id="one codec"),
        pytest.param({"codecs": AAC_AND_OPUS}, ["aac-96", "aac-160", "opus-24"], id="two codecs"),
        pytest.param({"max_bandwidth_bps": 160_000}, ["aac-96", "aac-160", "opus-24"], id="a ceiling, inclusive"),
        pytest.param({"max_bandwidth_bps": 159_999}, ["aac-96", "opus-24"], id="a bit under a rung"),
        pytest.param({"codecs": AAC, "max_bandwidth_bps": 100_000}, ["aac-96"], id="both"),
        pytest.param({"codecs": frozenset({"aac", "ac4"})}, ["aac-96", "aac-160"], id="a codec of another ladder"),
    ],
)
def test_selects(asset, wanted: dict[str, Any], left: list[str]) -> None:
    assert names(select(asset, Selection(**wanted))) == left
    assert Selection(**wanted).left_of(asset) == tuple(left)


@pytest.mark.parametrize("wanted", [{"codecs": frozenset({"ac4"})}, {"max_bandwidth_bps": 1000}], ids=["codec", "bps"])
def test_nothing_left_is_not_there(asset, wanted: dict[str, Any]) -> None:
    with pytest.raises(NotThere):
        select(asset, Selection(**wanted))


@given(selections, selections)
def test_narrowing_leaves_what_both_allow(asset, one: Selection, other: Selection) -> None:
    both = set(one.left_of(asset)) & set(other.left_of(asset))
    assert set(narrowed(one, other).left_of(asset)) == both
    assert narrowed(one, other) == narrowed(other, one)
    assert narrowed(one, EVERYTHING) == one


def test_terms_select_by_their_codecs_and_ceiling() -> None:
    terms = Terms(codecs=AAC, max_bandwidth_bps=1000, protection="any")
    assert of_terms(terms) == Selection(codecs=AAC, max_bandwidth_bps=1000)


@pytest.mark.parametrize(
    ("query", "selection"),
    [
        (b"", EVERYTHING),
        (b"CMCD=bl%3D2000%2Cbr%3D320&session=9", EVERYTHING),
        (b"codecs=aac", Selection(codecs=AAC)),
        (b"codecs=aac,opus&max_bandwidth=160000", Selection(codecs=AAC_AND_OPUS, max_bandwidth_bps=160_000)),
        (b"max_bandwidth=160000&codecs=opus%2Caac", Selection(codecs=AAC_AND_OPUS, max_bandwidth_bps=160_000)),
        (b"codecs=aac,aac", Selection(codecs=AAC)),
    ],
    ids=["none", "fields of others", "a codec", "both", "another order, encoded", "a codec twice"],
)
def test_reads_queries(query: bytes, selection: Selection) -> None:
    assert of_query(query) == selection


@pytest.mark.parametrize(
    "query",
    [
        b"codecs=",
        b"codecs",
        b"codecs=AAC",
        b"codecs=aac,",
        b"codecs=aac%20opus",
        b"codecs=mp4a.40.2",
        b"codecs=aac&codecs=opus",
        b"max_bandwidth=0",
        b"max_bandwidth=-1",
        b"max_bandwidth=160k",
        b"max_bandwidth=0160000",
        b"max_bandwidth=1e6",
        b"max_bandwidth=99999999999",
        b"max_bandwidth=1&max_bandwidth=2",
        b"codecs=\xff",
        b"codecs=%ff",
        b"&".join([b"a=1"] * 65),
    ],
)
def test_malformed_queries_are_the_callers(query: bytes) -> None:
    with pytest.raises(MalformedQuery):
        of_query(query)


@given(st.binary(max_size=200))
def test_any_query_is_a_selection_or_our_error(query: bytes) -> None:
    try:
        of_query(query)
    except MalformedQuery:
        return
