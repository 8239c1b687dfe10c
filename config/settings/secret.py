"""A value that may be secret, which hides in ``repr`` and in logs."""

from __future__ import annotations

from typing import final


@final
class Secret:
    """A string that shows itself only when asked by :meth:`reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def is_key(text: str) -> bool:
    """Whether the text is as many hex digits as a secret has at least."""
    try:
        return len(bytes.fromhex(text)) >= 32
    except ValueError:
        return False
