"""Operations with very long variables begin beside the loop."""

import threading
from typing import Any

import pytest
from graphql.execution import experimental_execute_incrementally

from graph.execution import bulk
from graph.execution.bulk import LONG, is_long
from graph.viewer import Role

DELIVER = """
mutation Deliver($input: UpsertTracksInput!) {
  upsertTracks(input: $input) { tracks { index created } rejected { index field } userErrors { message } }
}
"""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, False, id="none"),
        pytest.param({"ids": [1] * LONG}, False, id="a list of usual length"),
        pytest.param({"ids": [1] * (LONG + 1)}, True, id="a long list"),
        pytest.param({"input": {"tracks": [{}] * (LONG + 1)}}, True, id="a long list in an input"),
        pytest.param({"text": "x" * 10_000}, False, id="a long text"),
    ],
)
def test_variables_are_long_by_their_lists(variables: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 -- a case
    assert is_long(variables) is expected


async def test_a_delivery_is_checked_in_a_thread_and_answered_as_ever(
    ask: Any, add_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def watched(*arguments: Any, **named: Any) -> Any:
        threads.append(threading.current_thread() is threading.main_thread())
        return experimental_execute_incrementally(*arguments, **named)

    monkeypatch.setattr(bulk, "experimental_execute_incrementally", watched)
    viewer = await add_user(Role.ARTIST)
    rows = [{"key": str(number), "title": "Tune", "artist": "Band"} for number in range(LONG + 1)]
    for sent, created in ((rows, True), (rows, False), (rows[:2], False)):
        answered = await ask.data(DELIVER, viewer, input={"tracks": sent})
        assert answered["tracks"] == [{"index": place, "created": created} for place in range(len(sent))]
        assert (answered["rejected"], answered["userErrors"]) == ([], [])
    assert threads == [False, False, True]
    mistaken = await ask(DELIVER, viewer, input={"tracks": [*rows, {"title": 1}]})
    assert {error["extensions"]["code"] for error in mistaken["errors"]} == {"BAD_REQUEST"}
    assert "data" not in mistaken
