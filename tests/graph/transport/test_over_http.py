import pytest

from graph.transport.over_http import GRAPHQL, JSON, body_of, negotiate, status_of

AWAY = {"message": "m", "path": ["a"], "extensions": {"code": "SERVICE_UNAVAILABLE"}}
FORBIDDEN = {"message": "m", "path": ["a"], "extensions": {"code": "FORBIDDEN"}}
SYNTAX = {"message": "m", "extensions": {"code": "BAD_REQUEST"}}


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        pytest.param("", JSON, id="no header"),
        pytest.param("*/*", JSON, id="anything"),
        pytest.param("application/*", JSON, id="any application type"),
        pytest.param("application/json", JSON, id="json"),
        pytest.param(GRAPHQL, GRAPHQL, id="the type of its own"),
        pytest.param(f"{GRAPHQL}; charset=utf-8, application/json; q=0.9", GRAPHQL, id="both, the newer preferred"),
        pytest.param(f"{GRAPHQL};q=0.5, application/json", JSON, id="both, the older preferred"),
        pytest.param("TEXT/HTML, Application/JSON;q=0.1", JSON, id="upper case, among others"),
        pytest.param("application/json;q=0", None, id="json refused"),
        pytest.param("text/html", None, id="something else"),
        pytest.param("application/json;q=x", None, id="a quality that is no number"),
    ],
)
def test_negotiates(accept: str, answered: str | None) -> None:
    assert negotiate(accept) == answered


def test_a_request_error_has_no_data() -> None:
    body = body_of(None, [SYNTAX])
    assert body == {"errors": [SYNTAX]}
    assert (status_of(body, GRAPHQL), status_of(body, JSON)) == (400, 200)


def test_a_field_error_leaves_the_rest() -> None:
    body = body_of({"a": None, "b": 1}, [FORBIDDEN])
    assert body == {"data": {"a": None, "b": 1}, "errors": [FORBIDDEN]}
    assert status_of(body, GRAPHQL) == 200


def test_data_that_errors_made_null_stays_null() -> None:
    assert body_of(None, [FORBIDDEN]) == {"data": None, "errors": [FORBIDDEN]}


def test_nothing_answered_for_a_service_that_is_away_is_503_whatever_is_accepted() -> None:
    body = body_of({"a": None, "b": None}, [AWAY, AWAY])
    assert "data" not in body
    assert (status_of(body, GRAPHQL), status_of(body, JSON)) == (503, 503)


def test_half_an_answer_is_an_answer() -> None:
    body = body_of({"a": None, "b": 1}, [AWAY])
    assert (body["data"], status_of(body, JSON)) == ({"a": None, "b": 1}, 200)


def test_without_errors_data_may_be_all_null() -> None:
    assert body_of({"a": None}, []) == {"data": {"a": None}}
