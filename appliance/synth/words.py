"""Names and titles that nobody bears: syllables for names, plain words for titles.

Pure. Names are long words of syllables, so a search finds one artist by them; titles are of a few hundred words, so a
search finds very many tracks by one of those, as in a real catalogue.
"""

from __future__ import annotations

import numpy as np

from appliance.synth.draws import Numbers, skewed


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SYLLABLES = _listed("ba be bo da do fa fi ka ko la li lo ma mi mo na ni no ra ri ro sa si so ta ti to va ve zu")
QUALITIES = _listed(
    "amber ancient blue broken burning copper crimson distant drifting early electric empty fading fallen first"
    " frozen gentle golden green hidden hollow inner last little lonely long lost lucid midnight morning northern"
    " open pale paper patient quiet rising rusty second secret shallow silent silver sleeping slow southern spare"
    " steady summer tender twin velvet violet wandering warm western white wild winter wooden"
)
THINGS = _listed(
    "air anchor apple arrow ash autumn bay bell bird boat bridge candle canyon cedar circle city cloud coast compass"
    " corner crown dance dawn desert distance door dream dust echo ember engine evening feather field fire flame flower"
    " forest garden gate ghost glass harbour heart hill horizon hour house island key lake lamp lantern leaf letter"
    " light line machine map meadow mirror moon morning mountain night ocean orchard path piano planet rain river road"
    " room rose sail salt sand sea season shadow shore signal sky smoke snow song spark star station stone storm street"
    " sun swallow tide tower train tree valley voice walk wall water wave weather wheel wind window winter wire"
)
PLAYLIST_KINDS = _listed("mix mornings evenings drive focus party sleep run favourites discoveries")


def names(rng: np.random.Generator, count: int) -> list[str]:
    """Two words of three syllables each; of 900 million, so that hardly any two are alike."""
    drawn = rng.integers(0, len(SYLLABLES), size=(count, 6)).tolist()
    return [f"{_word(row[:3])} {_word(row[3:])}" for row in drawn]


def titles(rng: np.random.Generator, count: int) -> list[str]:
    """A quality and one or two things, the first of each list more often, and a number now and then."""
    quality = _chosen(rng, QUALITIES, count)
    thing, other = _chosen(rng, THINGS, count), _chosen(rng, THINGS, count)
    shape = rng.integers(0, 4, size=count).tolist()
    number = rng.integers(1, 1000, size=count).tolist()
    return [
        f"{one} {two} of the {three}" if kind == 0 else f"{one} {two} {which}" if kind == 1 else f"{one} {two}"
        for one, two, three, kind, which in zip(quality, thing, other, shape, number, strict=True)
    ]


def playlist_names(rng: np.random.Generator, count: int) -> list[str]:
    """A quality and a kind of playlist."""
    kinds = _chosen(rng, PLAYLIST_KINDS, count)
    return [f"{one} {kind.title()}" for one, kind in zip(_chosen(rng, QUALITIES, count), kinds, strict=True)]


def _chosen(rng: np.random.Generator, words: tuple[str, ...], count: int) -> list[str]:
    capitals = [word.title() for word in words]
    chosen: Numbers = skewed(rng, len(words), count, steepness=2)
    return [capitals[index] for index in chosen.tolist()]


def _word(syllables: list[int]) -> str:
    return "".join(SYLLABLES[index] for index in syllables).title()
