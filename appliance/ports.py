"""Where a running `segue up` listens, kept in its home folder: a second terminal need not repeat the variables.

Not here: whether the ports are free (`appliance.preflight`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

VARIABLES = (
    "SEGUE_GRAPH_HOST",
    "SEGUE_GRAPH_PORT",
    "SEGUE_ORIGIN_HOST",
    "SEGUE_ORIGIN_PORT",
    "SEGUE_S3_PORT",
    "SEGUE_VALKEY_PORT",
)


def note(file: Path, variables: Mapping[str, str]) -> None:
    """Write down what the operator set; also nothing, so that an earlier start's ports are not taken for this one's."""
    told = {name: variables[name] for name in VARIABLES if variables.get(name, "").strip()}
    file.write_bytes(msgspec.json.encode(told))


def forget(file: Path) -> None:
    file.unlink(missing_ok=True)


def noted(file: Path) -> dict[str, str]:
    """The variables of the `segue up` that runs; none when the file is not there or was cut off by a crash."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}
