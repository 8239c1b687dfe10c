"""Which job is claimed first: the one with the higher priority."""

from __future__ import annotations

from datetime import date

TONIGHT, SOON, UNDATED, BACK_CATALOGUE = 30, 20, 10, 0
"""Priorities of the queue; the higher one is claimed first."""
ALBUM_PRIORITY = 40
"""Takes no time, so nobody is held up by it."""
IMAGE_PRIORITY = 35
"""Takes a second or two, and an artist waits for it with a page open."""

LATE_DAYS = 7
"""A release that is out for less has listeners who look for it now."""
SOON_DAYS = 7


def priority(release_date: date | None, today: date) -> int:
    """How urgent a master is: a release of tonight, or one that is late, goes before a back catalogue."""
    if release_date is None:
        return UNDATED
    days_left = (release_date - today).days
    if days_left < -LATE_DAYS:
        return BACK_CATALOGUE
    if days_left <= 1:
        return TONIGHT
    return SOON if days_left <= SOON_DAYS else UNDATED
