"""Errors of the appliance.

::

    ApplianceError
    ├── HomeInUse         the operator's: another `segue up` runs on this home folder
    ├── HomeDamaged       the operator's: the home folder lacks a part that cannot be made again
    ├── PortInUse         the operator's: something else listens on a port that is needed
    ├── NoRoom            the operator's: the disk is full, or nearly
    ├── MissingProgram    the installation's: a bundled server is not where its package puts it
    ├── SchemaDiffers     ours: schema.graphql is not what the code prints
    ├── SchemaBreaks      ours: the code takes something from clients of the released schema
    └── ProcessFailed     ours or an upstream's: a child ended, or was not ready in time; retryable

Each message is one sentence that names what is wrong and what mends it; the command line prints it and exits 1.
"""

from __future__ import annotations

from pathlib import Path


class ApplianceError(Exception):
    """Root of the errors that this package raises."""

    code = "appliance"
    retryable = False


class HomeInUse(ApplianceError):
    """Another `segue up` holds the home folder's lock; stop that one, or use another folder."""

    code = "home_in_use"

    def __init__(self, home: Path) -> None:
        super().__init__(f"another `segue up` is running on {home}; stop it first, or choose another folder by --home")
        self.home = home


class HomeDamaged(ApplianceError):
    """A part of the home folder is missing or unreadable and holds what nobody can make again."""

    code = "home_damaged"


class PortInUse(ApplianceError):
    """Something else listens on a port; stop it, or move ours by the variable that the message names."""

    code = "port_in_use"

    def __init__(self, *, port: int, variable: str, purpose: str) -> None:
        super().__init__(
            f"port {port}, which {purpose} needs, is in use by another program;"
            f" stop it, or set {variable} to a free port"
        )
        self.port = port
        self.variable = variable


class NoRoom(ApplianceError):
    """The disk below the home folder is full, or too nearly so to accept an upload; free some of it."""

    code = "no_room"


class MissingProgram(ApplianceError):
    """A server that a package brings is not there; install the project again."""

    code = "missing_program"

    def __init__(self, program: str, package: str) -> None:
        super().__init__(
            f"{program}, which the package {package} brings, is missing; run `uv sync` to install it again"
        )
        self.program = program


class SchemaDiffers(ApplianceError):
    """The printed schema and the code differ; look at the difference, then write the file again."""

    code = "schema_differs"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} is not what the code prints; run `segue schema --write` and look at the difference"
        )
        self.path = path


class SchemaBreaks(ApplianceError):
    """The code takes something from clients; deprecate it, and take it away with a release and a decision record."""

    code = "schema_breaks"

    def __init__(self, path: Path, broken: list[str]) -> None:
        told = [f"clients of {path.name} would fail:", *broken, "add beside it and deprecate it (docs/protocol.md)"]
        super().__init__("\n".join(told))
        self.broken = broken


class ProcessFailed(ApplianceError):
    """A process ended during its start, or did not become ready in time; its last lines are in the message."""

    code = "process_failed"
    retryable = True

    def __init__(self, name: str, what: str, *, log: Path, last_lines: str = "") -> None:
        told = f"; its last lines:\n{last_lines}" if last_lines else ""
        super().__init__(f"{name} {what}; its log is {log}{told}")
        self.name = name
        self.log = log
