"""The text that is searched: what writers store in `search_text` and what searchers look for, folded alike.

Folding: compatibility decomposition (Unicode NFKD), case folding, combining marks dropped, letters that have no
decomposition spelled out, apostrophes dropped ("don't" is "dont"), everything else that is no letter or digit becomes a
space. So "Björk", "BJORK" and "bjo\u0308rk" are one text.

A stored text has the name or title on its first line and the names that people add to it (a track's artist and album)
on the second: "alma river" finds River by Alma. The first line alone decides what is an exact match.

Pure. Not here: the SQL (`graph.search.service`).
"""

from __future__ import annotations

import unicodedata

MAX_WORDS = 16
MAX_WORD_LENGTH = 64  # PostgreSQL refuses words over 2,046 bytes; no one searches by more than a few letters of one

SPELLED_OUT = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
    }
)
APOSTROPHES = dict.fromkeys(
    (0x27, 0x60, 0xB4, 0x2018, 0x2019, 0x2BC, 0xFF07)  # typed and typographic, ASCII to full width
)


def fold(text: str) -> str:
    """Words of letters and digits, parted by single spaces; folding twice changes nothing."""
    # Decomposition can bring capitals to light, and folding those marks that decompose again: both are done twice.
    plain = text.translate(APOSTROPHES)
    for _ in range(2):
        plain = unicodedata.normalize("NFKD", plain).casefold()
    kept = (
        " " if not character.isalnum() else character
        for character in plain.translate(SPELLED_OUT)
        if not _mark(character)
    )
    return " ".join("".join(kept).split())


def index_text(name: str, *also: str) -> str:
    """What is stored for something called `name`, found with the words of `also` as well."""
    return "\n".join(filter(None, (fold(name), fold(" ".join(also)))))


def words_of(query: str) -> list[str]:
    """The words to look for, cut to what is worth looking for."""
    return [word[:MAX_WORD_LENGTH] for word in fold(query).split()[:MAX_WORDS]]


def tsquery(words: list[str]) -> str:
    """A `to_tsquery('simple', ...)` text: all words, the last as a prefix, for it may not be typed to its end.

    Words hold letters and digits only, so nothing in them is an operator; they are quoted all the same.
    """
    if not all(word.isalnum() for word in words):
        raise ValueError("words come from words_of")
    return " & ".join([*(f"'{word}'" for word in words[:-1]), f"'{words[-1]}':*"]) if words else ""


def _mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")
