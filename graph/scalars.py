"""The scalars of our own: their Python types, how they are read and written, and where that is written down.

What the API answers is of the narrowest type. What it is given is, too, where a program chose it: an id, a time, a
country in an argument. Where a person or a supplier wrote it, such as an ISRC or the address of a homepage, an input
takes a String: what is wrong with it then stands in `userErrors` at its field, beside whatever else has to be mended,
and not in an error of the whole request (docs/decisions/0117).

A length of time is an Int that says its unit: `durationMs`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import NewType
from uuid import UUID

import strawberry
from graphql import GraphQLError
from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

from graph.licences import markets

RFC3339 = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"

ByteCount = NewType("ByteCount", int)
CountryCode = NewType("CountryCode", str)
ISRC = NewType("ISRC", str)
URL = NewType("URL", str)

UUID_FORM = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def _byte_count(value: object) -> int:
    # `bool` is an `int` to Python, and not a number to GraphQL.
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError("ByteCount is a whole number.")
    return value


def _country(value: object) -> CountryCode:
    code = markets.known(value) if isinstance(value, str) else None
    if code is None:
        raise GraphQLError("CountryCode is a country by its two letters (ISO 3166-1), such as SE.")
    return CountryCode(code)


def _uuid(value: object) -> UUID:
    # Python reads more forms: braces, URNs, digits without hyphens.
    if not isinstance(value, str) or not UUID_FORM.fullmatch(value):
        raise GraphQLError("UUID is 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12, with hyphens between.")
    return UUID(value)


SCALARS: dict[object, ScalarDefinition] = {
    date: replace(DateDefinition, description="A day, such as 2026-02-28.", specified_by_url=RFC3339),
    datetime: replace(
        DateTimeDefinition,
        description="A moment with its offset from UTC, such as 2026-02-28T12:00:00Z.",
        specified_by_url=RFC3339,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="A key of yours or of another catalogue, in the 36 characters of RFC 9562; our own ids are ID.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562#section-4",
        serialize=str,
        parse_value=_uuid,
    ),
    ByteCount: strawberry.scalar(
        name="ByteCount",
        description="A size in bytes: a whole number that may exceed the 32 bits of Int.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
        serialize=_byte_count,
        parse_value=_byte_count,
    ),
    CountryCode: strawberry.scalar(
        name="CountryCode",
        description="A country by its two capital letters, such as SE.",
        specified_by_url="https://www.iso.org/iso-3166-country-codes.html",
        serialize=str,
        parse_value=_country,
    ),
    ISRC: strawberry.scalar(
        name="ISRC",
        description="An International Standard Recording Code in its twelve characters, such as GBAYE6900531.",
        specified_by_url="https://www.iso.org/standard/64817.html",
        serialize=str,
    ),
    URL: strawberry.scalar(
        name="URL",
        description="A web address, such as https://media.example.com/images/1.avif: absolute, https or http.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986",
        serialize=str,
    ),
}
