"""The page of changes: what was added, changed and deprecated since the schema that was released last.

The part about what is not released yet follows from the two schemas and from the descriptions in them, so it is written
by a program and cannot be forgotten. A release gives it a date, and from then on it stays as it is.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLSchema

from appliance.published.elements import Element, elements

TITLE = """# Changes of the schema

What a client may use since when. The schema grows; what is deprecated stays until a release says otherwise
([protocol.md](protocol.md)). The first part is written by `segue schema --write`.
"""
PENDING = "## Not released yet"
NOTHING = "Nothing."


def changes(before: GraphQLSchema, after: GraphQLSchema) -> list[str]:
    """One line for each. What is part of a new thing is not told beside it."""
    old, new = elements(before), elements(after)
    added = [element for name, element in new.items() if name not in old and element.inside not in new.keys() - old]
    gone = [element for name, element in old.items() if name not in new and element.inside not in old.keys() - new]
    kept = [(old[name], element) for name, element in new.items() if name in old]
    return [
        *_together("Added", added),
        *(line for pair in kept for line in _changed(*pair)),
        *(f"- Removed `{element.coordinate}`." for element in gone),
    ]


def with_pending(page: str, lines: list[str]) -> str:
    """The page with these lines as what is not released yet; a page that is empty is begun."""
    released = _released(page)
    body = "\n".join(lines) if lines else NOTHING
    return "\n".join([TITLE, PENDING, "", body, *(["", released] if released else [])]).rstrip() + "\n"


def released_on(page: str, lines: list[str], date: str) -> str:
    """The page once these lines were released; what was released before that day stays below them."""
    earlier, heading = _released(page), f"## {date}"
    if not lines:
        return with_pending(page, [])
    if earlier.startswith(f"{heading}\n"):
        earlier = earlier.removeprefix(heading).lstrip()
        section = "\n".join([heading, "", *lines, earlier])
    else:
        section = "\n".join([heading, "", *lines, *(["", earlier] if earlier else [])])
    return f"{TITLE}\n{PENDING}\n\n{NOTHING}\n\n{section}".rstrip() + "\n"


def _released(page: str) -> str:
    """All sections but the first."""
    _, _, rest = page.partition(PENDING)
    _, found, sections = rest.partition("\n## ")
    return f"## {sections.rstrip()}" if found else ""


def _together(verb: str, found: list[Element]) -> Iterator[str]:
    """One line for all that are described alike, such as the same field of every payload."""
    alike: dict[str, list[str]] = {}
    for element in found:
        alike.setdefault(_one_line(element.description), []).append(f"`{element.coordinate}`")
    for description, coordinates in alike.items():
        yield f"- {verb} {', '.join(coordinates)}: {description}"


def _changed(old: Element, new: Element) -> Iterator[str]:
    if new.type != old.type:
        yield f"- Changed `{new.coordinate}` from `{old.type}` to `{new.type}`."
    if new.default != old.default:
        before, now = old.default or "null", new.default or "null"
        yield f"- Changed the default of `{new.coordinate}` from `{before}` to `{now}`."
    if new.deprecated is not None and old.deprecated is None:
        yield f"- Deprecated `{new.coordinate}`: {_one_line(new.deprecated)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
