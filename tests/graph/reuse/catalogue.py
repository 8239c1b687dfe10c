"""A little catalogue in which everything is connected, and changes of it that are drawn."""

from __future__ import annotations

from pathlib import Path
from random import Random
from uuid import UUID

from graph import ids

HERE = Path(__file__).parent
COUNTS = {"User": 2, "Image": 3, "Artist": 3, "Album": 4, "Track": 9, "Genre": 2, "Playlist": 2}
"""So few that what is asked for and what changes meet often."""


class Catalogue:
    """The keys of what there is, and what is drawn."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._keys = {name: [self._key() for _ in range(count)] for name, count in COUNTS.items()}
        self._changes = _statements("changes")

    def some_id(self, type_name: str) -> str:
        """The global id of one of a type."""
        return ids.encode(type_name, self._random.choice(self._keys[type_name]))

    def beginning(self) -> list[str]:
        """Statements that fill the tables."""
        return [*map(self._filled, [*_statements("beginning"), *_statements("tracks")]), *self.changed(40)]

    def changed(self, count: int) -> list[str]:
        """So many statements, most of which change something; now and then, what was deleted comes back."""
        again = _statements("tracks") if self._random.random() < 0.5 else []
        return [self._filled(text) for text in (*self._random.choices(self._changes, k=count), *again)]

    def _key(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def _filled(self, text: str) -> str:
        one = {name.lower(): _quoted(self._random.choice(keys)) for name, keys in self._keys.items()}
        all_of = {f"{name.lower()}s": f"ARRAY[{', '.join(map(_quoted, keys))}]" for name, keys in self._keys.items()}
        return text.format(
            **one,
            **all_of,
            word=self._random.choice(["Ash", "Birch", "Cedar", "Elm", "Fir"]),
            number=self._random.randint(1, 9),
            digits=self._random.randint(10, 99),
            market=self._random.choice(["SE", "DE", "*"]),
        )


def _quoted(key: UUID) -> str:
    return f"'{key}'::uuid"


def _statements(name: str) -> list[str]:
    lines = (HERE / f"{name}.sql").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("--"))
    return [statement for part in text.split(";") if (statement := part.strip())]
