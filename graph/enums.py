"""Enums of the domain as GraphQL enums: the Python enum stays pure, its descriptions are given here once."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

E = TypeVar("E", bound=Enum)


def publish(enum: type[E], *, name: str, description: str, values: Mapping[E, str]) -> type[E]:
    """Register `enum` with Strawberry; every member needs a description. Annotate fields with the enum itself."""
    published = strawberry.enum(enum, name=name, description=description)
    described = {member.name: values[member] for member in enum}
    for value in published.__strawberry_definition__.values:  # type: ignore[attr-defined] # put there by the decorator
        value.description = described[value.name]
    return published
