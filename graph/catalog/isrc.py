"""The International Standard Recording Code (ISO 3901:2019, 4): two letters, three letters or digits, seven digits.

Pure. It is printed as `GB-AYE-69-00531` and often with the word before it; stored are the twelve characters.
"""

from __future__ import annotations

import re

from graph.errors import ProblemCode, refused

CODE = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", re.ASCII)
PUNCTUATION = str.maketrans("", "", "- \u2010\u2011\u2012\u2013")


def normalise(text: str, *, field: str = "isrc") -> str:
    """The twelve characters. Raises Refused."""
    code = text.strip().upper().removeprefix("ISRC").lstrip(": ").translate(PUNCTUATION)
    if not CODE.fullmatch(code):
        raise refused(ProblemCode.INVALID_ISRC, field)
    return code
