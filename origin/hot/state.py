"""What the connections of a process share."""

from __future__ import annotations

from typing import NamedTuple

from origin.hot.answers import Answers
from origin.hot.lines import Lines


class HotState(NamedTuple):
    """Under the name `hot` in the state of the server's lifespan."""

    answers: Answers
    lines: Lines
