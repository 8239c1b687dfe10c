"""How long a URL of media is good, and how long the media stay behind it.

Graph and ingest read the same rule: the one mints the URL, the other removes what it leads to.
"""

from __future__ import annotations

from config.settings.reader import Environment, Reader

PLAYBACK_LIFETIME_S = 6 * 3600
LONGEST_PLAYBACK_S = 5 * 3600
"""Of a track of four hours, with its allowance for pauses: its token lives as long, whatever the setting says."""
REMOVAL_MARGIN_S = 3600
"""For manifests in caches, and clocks that differ."""


def removal_delay_s(environment: Environment) -> int:
    """How long media stay after their track or their revision has gone: no URL that was given out outlives it."""
    read = Reader(environment)
    playback_s = read.integer("SEGUE_PLAYBACK_LIFETIME_S", PLAYBACK_LIFETIME_S)
    return read.integer("SEGUE_REMOVAL_DELAY_S", max(playback_s, LONGEST_PLAYBACK_S) + REMOVAL_MARGIN_S)
