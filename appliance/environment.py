"""The environment of this process: the one place of the project that reads it.

A secret may come from a file, as container platforms mount them: a variable of ours with `_FILE` behind its name holds
the path of a file, whose content is the value.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from config.errors import InvalidSetting

PREFIX = "SEGUE_"
FILE_SUFFIX = "_FILE"


def environment() -> dict[str, str]:
    """Return the variables of this process. Raises InvalidSetting when a file cannot be read."""
    return with_files(dict(os.environ))


def with_files(variables: Mapping[str, str]) -> dict[str, str]:
    """Replace each path by the content of its file, without the newline that editors add."""
    plain = {name: value for name, value in variables.items() if not _names_file(name)}
    return {
        **plain,
        **{name.removesuffix(FILE_SUFFIX): _read(name, variables[name]) for name in variables.keys() - plain},
    }


def _names_file(name: str) -> bool:
    return name.startswith(PREFIX) and name.endswith(FILE_SUFFIX)


def _read(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(name, f"names a file that cannot be read ({error.__class__.__name__}): {path}") from error
