"""Where an entry stands in its playlist: a text between two texts, so that a move writes one row and no other.

A position is a fraction between 0 and 1 in digits of base 62, without the point: eight digits at least, and behind the
eighth no zero at the end, so that one fraction is one text, and texts compare as bytes like their fractions.

What is put at an end goes a step further out, in eight digits; what is put between two goes into the middle, and takes
one digit more for every six that were put into one gap. A gap is used up when a position would pass
:data:`MAX_LENGTH`; then all are spread anew (:func:`spread`), which keeps their order.

Pure. Not here: whose turn it is to write (`graph.playlists.service`).
"""

from __future__ import annotations

from collections.abc import Sequence

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""In the order of their bytes."""
BASE = len(DIGITS)
HEAD_LENGTH = 8
MAX_LENGTH = 48
"""217 entries fit into one gap, each before the last, until 10,000 rows have to be written: fewer than 50 for each."""

HEADS = BASE**HEAD_LENGTH
STEP = BASE**3
"""Between neighbours at an end: 17 entries fit in between without a ninth digit, 450 million steps lead outwards."""


def between(low: str | None, high: str | None, count: int) -> list[str] | None:
    """`count` positions in ascending order between two, None being an end; None when the gap is used up."""
    if low is None and high is None:
        return spread(count)
    stepped = _outwards(low, high, count)
    return stepped if stepped is not None else _divided(low or "0", high, count)


def spread(count: int) -> list[str]:
    """`count` positions around the middle, a step apart."""
    first = HEADS // 2 - STEP * (count // 2)
    return [_text(first + STEP * place, HEAD_LENGTH) for place in range(count)]


def _outwards(low: str | None, high: str | None, count: int) -> list[str] | None:
    """Steps behind the last or before the first; None between two, and where the steps have come to an end."""
    if low is not None and high is not None:
        return None
    if low is not None:
        heads: Sequence[int] = [_number(low, HEAD_LENGTH) + STEP * place for place in range(1, count + 1)]
    else:
        heads = [_number(high or "", HEAD_LENGTH) - STEP * place for place in range(count, 0, -1)]
    if heads[0] <= 0 or heads[-1] >= HEADS:
        return None
    return [_text(head, HEAD_LENGTH) for head in heads]


def _divided(low: str, high: str | None, count: int) -> list[str] | None:
    """Evenly between two, in as few digits as there are enough numbers of."""
    for length in range(HEAD_LENGTH, MAX_LENGTH + 1):
        # Below a `low` that was cut the numbers begin with it itself; above a `high` that was cut, they end before it.
        begin = _number(low, length)
        end = BASE**length if high is None else _number(high, length) + (len(high) > length)
        if end - begin > count:
            gap = end - begin
            return [_text(begin + gap * place // (count + 1), length) for place in range(1, count + 1)]
    return None


def _number(text: str, length: int) -> int:
    """The first `length` digits as a whole number."""
    number = 0
    for digit in text[:length].ljust(length, "0"):
        number = number * BASE + DIGITS.index(digit)
    return number


def _text(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, BASE)
        digits = DIGITS[digit] + digits
    return digits[:HEAD_LENGTH] + digits[HEAD_LENGTH:].rstrip("0")
