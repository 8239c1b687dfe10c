"""A program to run, as a value: what to execute, how it is stopped, and the guard in front of it.

Not here: running it (`process`), and what the embedded services' commands are (`appliance.embedded`).
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import msgspec

GUARD = Path(__file__).with_name("guard.py")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One program; `environment` is all of its environment, nothing is inherited."""

    name: str
    """Also the name of its log and of its record in the home folder."""
    argv: tuple[str, ...]
    environment: dict[str, str] = {}
    stdin: bytes = b""
    """Fed to the program at its start: the way for secrets that must not be seen in the list of processes."""
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    """Sent when the program did not end in time, or the operator is in a hurry."""
    drop_root: bool = False

    def guarded(self, parent: int) -> list[str]:
        """The argument vector that starts the program tied to the process `parent`."""
        options = ["--parent", str(parent), "--signal", str(int(self.stop_signal))]
        if self.drop_root:
            options.append("--drop-root")
        # -I and -S: neither the user's site-packages nor ours slow the guard down or change what it imports.
        return [sys.executable, "-I", "-S", str(GUARD), *options, "--", *self.argv]
