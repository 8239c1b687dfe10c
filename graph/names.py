"""Names and titles as people write them: what is kept, what is refused.

Pure. Text is put into normalisation form C, runs of white space become one space, and characters that control a
terminal, a database or the direction of the text around them are refused.
"""

from __future__ import annotations

import unicodedata

from graph.errors import ProblemCode, refused

MAX_LENGTH = 200

# Categories of Unicode: controls, surrogates and private use have no place in a name. Format characters (Cf) do, for
# they join letters in Persian and emoji, except those that turn the direction of what follows.
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn"})
VISIBLE = frozenset("LNPS")
"""Major categories: a name has a letter, a digit or a sign in it, not only what cannot be seen."""

BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str, *, field: str, max_length: int = MAX_LENGTH) -> str:
    """The text as it is stored. Raises Refused for `field`."""
    kept = unicodedata.normalize("NFC", " ".join(text.split()))
    if not any(unicodedata.category(character)[0] in VISIBLE for character in kept):
        raise refused(ProblemCode.REQUIRED, field)
    if len(kept) > max_length:
        raise refused(ProblemCode.TOO_LONG, field, f"At most {max_length} characters.")
    if any(character in BIDI_OVERRIDES or unicodedata.category(character) in REFUSED_CATEGORIES for character in kept):
        raise refused(ProblemCode.INVALID_VALUE, field, "Control characters are not allowed.")
    return kept
