"""Findings: what a rule has to say of a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import TypeAlias

import msgspec

from appliance.lint.stream import Stream


class Severity(Enum):
    """The specification's own words, and one for what keeps the linter from judging."""

    MUST = "must"
    SHOULD = "should"
    UNREADABLE = "unreadable"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that one place of a stream breaks."""

    rule: str
    """The number in the specification, or of RFC 8216 with its section."""
    severity: Severity
    url: str
    """Of the playlist or segment."""
    text: str


Rule: TypeAlias = Callable[[Stream], Iterator[Finding]]


def must(rule: str, url: str, text: str) -> Finding:
    return Finding(rule=rule, severity=Severity.MUST, url=url, text=text)


def should(rule: str, url: str, text: str) -> Finding:
    return Finding(rule=rule, severity=Severity.SHOULD, url=url, text=text)


def unreadable(rule: str, url: str, text: str) -> Finding:
    return Finding(rule=rule, severity=Severity.UNREADABLE, url=url, text=text)
