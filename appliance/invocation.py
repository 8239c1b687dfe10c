"""What every command gets: the home folder it works on, and the variables that hold for it.

A command takes it by decoration::

    @click.command
    @pass_invocation
    def token(invocation: Invocation) -> None:
        run(invocation.environment)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import click

from appliance.home import DEFAULT_HOME, HOME_VARIABLE, open_home, resolve


class Invocation:
    """One run of the command line."""

    def __init__(self, *, folder: Path | None, variables: Mapping[str, str]) -> None:
        """Take the home folder of the option, else of SEGUE_HOME, else `var`."""
        self.default_home = open_home(Path(variables.get(HOME_VARIABLE, "").strip() or DEFAULT_HOME))
        self.home = self.default_home if folder is None else open_home(folder)
        self.variables = {**variables, HOME_VARIABLE: str(self.home.folder)}
        """As the operator set them."""

    def on(self, folder: Path) -> Invocation:
        """The same on another home folder."""
        return Invocation(folder=folder, variables={**self.variables, HOME_VARIABLE: str(self.default_home.folder)})

    @cached_property
    def environment(self) -> dict[str, str]:
        """With what follows from the home folder, read on first use. Raises HomeDamaged."""
        return resolve(self.home, self.variables)


pass_invocation = click.make_pass_decorator(Invocation)
