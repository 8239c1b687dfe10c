import pytest

from loadtests.checks import wrong_answer, wrong_body


@pytest.mark.parametrize(
    ("status", "headers", "content", "problem"),
    [
        pytest.param(200, {"content-length": "3"}, b"abc", None, id="whole"),
        pytest.param(200, {}, b"abc", None, id="without a length"),
        pytest.param(200, {"content-length": "2", "content-encoding": "gzip"}, b"abc", None, id="unpacked"),
        pytest.param(206, {"content-length": "3"}, b"abc", "status 206", id="a part nobody asked for"),
        pytest.param(403, {}, b"", "status 403", id="refused"),
        pytest.param(0, None, None, "status 0", id="no connection"),
        pytest.param(200, {"content-length": "4"}, b"abc", "Content-Length 4, 3 bytes received", id="cut off"),
        pytest.param(200, {"content-length": "0"}, b"", "an empty body", id="empty"),
    ],
)
def test_body(status: int, headers: dict[str, str] | None, content: bytes | None, problem: str | None) -> None:
    assert wrong_body(status, headers, content) == problem


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param({"data": {"search": {"edges": []}}}, None, id="an answer without userErrors"),
        pytest.param({"data": {"search": {"userErrors": []}}}, None, id="an answer without a refusal"),
        pytest.param(
            {"errors": [{"message": "Sign in", "extensions": {"code": "UNAUTHENTICATED"}}]},
            "UNAUTHENTICATED: Sign in",
            id="an error",
        ),
        pytest.param({"errors": [{"message": "Odd"}], "data": None}, "None: Odd", id="an error without a code"),
        pytest.param({"data": {"search": None}}, "no search in the answer", id="null"),
        pytest.param({"data": None}, "no search in the answer", id="no data"),
        pytest.param({"data": {"search": {"userErrors": [{"message": "No."}]}}}, "No.", id="a refusal"),
    ],
)
def test_answer(body: dict[str, object], problem: str | None) -> None:
    assert wrong_answer(body, "search") == problem
