"""The rules of licences by themselves: what runs, and what an input may say."""

from datetime import UTC, datetime, timedelta

import pytest

from graph.errors import ProblemCode, Refused
from graph.licences.markets import COUNTRIES, EVERYWHERE, known
from graph.licences.rules import MAX_LICENCES, Grant, Licence, checked
from tests.graph.licences.hearing import may_be_heard

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("licences", "market", "heard"),
    [
        pytest.param([], None, True, id="no licence, unknown market"),
        pytest.param([], "SE", True, id="no licence, any market"),
        pytest.param([Licence(market="SE")], "SE", True, id="for ever, here"),
        pytest.param([Licence(market="SE")], "NO", False, id="for ever, elsewhere"),
        pytest.param([Licence(market="SE")], None, False, id="for ever, unknown market"),
        pytest.param([Licence(market=EVERYWHERE)], None, True, id="everywhere, unknown market"),
        pytest.param([Licence(market="SE", starts_at=NOW)], "SE", True, id="from now on"),
        pytest.param([Licence(market="SE", starts_at=NOW + DAY)], "SE", False, id="from tomorrow on"),
        pytest.param([Licence(market="SE", ends_at=NOW)], "SE", False, id="until now"),
        pytest.param([Licence(market="SE", ends_at=NOW + DAY)], "SE", True, id="until tomorrow"),
        pytest.param([Licence(market="NO"), Licence(market="SE")], "SE", True, id="one of two"),
    ],
)
def test_what_a_listener_may_hear(licences: list[Licence], market: str | None, *, heard: bool) -> None:
    assert may_be_heard(licences, market=market, now=NOW) is heard


def test_grant_of_several_markets_is_a_licence_for_each_and_each_is_there_once() -> None:
    grants = [Grant(markets=("se", " NO "), ends_at=NOW), Grant(markets=("SE",), ends_at=NOW), Grant()]
    assert checked(grants, field=("licences",)) == {
        Licence(market="SE", ends_at=NOW),
        Licence(market="NO", ends_at=NOW),
        Licence(market=EVERYWHERE),
    }


@pytest.mark.parametrize(
    ("grant", "field", "code"),
    [
        pytest.param(Grant(markets=()), "markets", ProblemCode.REQUIRED, id="no market"),
        pytest.param(Grant(markets=("XX",)), "markets", ProblemCode.INVALID_VALUE, id="no country"),
        pytest.param(Grant(markets=("*",)), "markets", ProblemCode.INVALID_VALUE, id="the sign for everywhere"),
        pytest.param(Grant(starts_at=NOW, ends_at=NOW), "endsAt", ProblemCode.INVALID_VALUE, id="no time at all"),
        pytest.param(
            Grant(starts_at=NOW.replace(tzinfo=None)), "1", ProblemCode.INVALID_VALUE, id="a time without an offset"
        ),
    ],
)
def test_what_cannot_be_a_licence_is_named_with_its_place(grant: Grant, field: str, code: ProblemCode) -> None:
    with pytest.raises(Refused) as refusal:
        checked([Grant(), grant], field=("licences",))
    (problem,) = refusal.value.problems
    assert (problem.field[:2], problem.field[-1], problem.code) == (("licences", "1"), field, code)


def test_more_licences_than_a_track_may_have_are_refused() -> None:
    grants = [Grant(ends_at=NOW + n * DAY) for n in range(MAX_LICENCES + 1)]
    assert len(checked(grants[1:], field=("licences",))) == MAX_LICENCES
    with pytest.raises(Refused, match="At most"):
        checked(grants, field=("licences",))


def test_markets_are_the_assigned_countries() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in COUNTRIES)


@pytest.mark.parametrize("text", ["", None, "XX", "T1", "*", "SWE", "s", "S\u0130"])
def test_what_an_edge_cannot_place_is_unknown(text: str | None) -> None:
    assert known(text) is None


def test_country_is_known_however_it_is_written() -> None:
    assert known(" se ") == "SE"
