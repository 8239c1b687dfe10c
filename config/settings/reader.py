"""Typed access to one mapping of `SEGUE_*` variables: text in, a value or a complaint that names the variable out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from ipaddress import ip_network

from config.errors import InvalidSetting
from config.settings.secret import Secret

Environment = Mapping[str, str]


class Reader:
    """Typed access to one mapping; every complaint names the variable and what it should hold."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def text(self, name: str, default: str | None = None) -> str:
        value = self._environment.get(name, "").strip() or default
        if value is None:
            raise InvalidSetting(name, "is required; set it, or run under `segue up`, which provides it")
        return value

    def secret(self, name: str) -> Secret:
        return Secret(self.text(name))

    def integer(self, name: str, default: int, *, at_least: int = 1) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text) < at_least:
            raise InvalidSetting(name, f"must be a whole number of at least {at_least}, not {text!r}")
        return int(text)

    def number(self, name: str, default: float, *, above: float = -math.inf) -> float:
        text = self.text(name, str(default))
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value > above):
            bound = f" above {above:g}" if math.isfinite(above) else ""
            raise InvalidSetting(name, f"must be a number{bound}, not {text!r}")
        return value

    def choice(self, name: str, default: str, among: tuple[str, ...]) -> str:
        text = self.text(name, default)
        if text not in among:
            raise InvalidSetting(name, f"must be one of {', '.join(among)}, not {text!r}")
        return text

    def port(self, name: str, default: int) -> int:
        value = self.integer(name, default)
        if value > 65535:
            raise InvalidSetting(name, f"must be a port between 1 and 65535, not {value}")
        return value

    def url(self, name: str, default: str | None = None) -> str:
        value = self.text(name, default)
        if "://" not in value:
            raise InvalidSetting(name, f"must be a URL with a scheme, not {value!r}")
        return value.rstrip("/")

    def items(self, name: str, default: str = "") -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def country(self, name: str) -> str | None:
        """Two letters (ISO 3166-1); None when it is not set."""
        text = self.text(name, "").upper()
        if text and not (len(text) == 2 and text.isascii() and text.isalpha()):
            raise InvalidSetting(name, f"must be a country by its two letters, such as SE, not {text!r}")
        return text or None

    def networks(self, name: str, default: str) -> tuple[str, ...]:
        """Networks in CIDR notation; the word `none` for no network at all."""
        given = self.items(name, default)
        for text in given if given != ("none",) else ():
            try:
                ip_network(text)
            except ValueError as error:
                raise InvalidSetting(name, f"must be networks such as 10.0.0.0/8, not {text!r}") from error
        return () if given == ("none",) else given
