"""The links of a profile: pages elsewhere, shown with a title. Pure.

Only web addresses are taken: what is shown as a link is opened by a listener's machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from graph.errors import ProblemCode, refused
from graph.names import clean

MAX_LINKS = 20
MAX_URL_LENGTH = 2000
MAX_TITLE_LENGTH = 80


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One page."""

    title: str
    url: str


def checked(links: Sequence[Link], *, field: str) -> tuple[Link, ...]:
    """The links as they are stored. Raises Refused."""
    if len(links) > MAX_LINKS:
        raise refused(ProblemCode.TOO_LONG, field, f"At most {MAX_LINKS} links.")
    for place, link in enumerate(links):
        if not _is_web_address(link.url):
            message = (
                f"Give a web address that begins with https:// or http://, of {MAX_URL_LENGTH} characters at most."
            )
            raise refused(ProblemCode.INVALID_VALUE, f"{field}.{place}.url", message)
    return tuple(
        Link(title=clean(link.title, field=f"{field}.{place}.title", max_length=MAX_TITLE_LENGTH), url=link.url)
        for place, link in enumerate(links)
    )


def _is_web_address(url: str) -> bool:
    if len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # A name before an @ is what a link that pretends to lead elsewhere is made of.
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
