"""The recipe: the operator's choices about renditions, read once when a worker starts."""

from __future__ import annotations

from pathlib import Path

import msgspec

from config.errors import InvalidSetting
from config.settings import IngestSettings
from ingest.errors import InvalidLadder
from ingest.renditions import ladder
from ingest.renditions.ladder import Rung


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What every master is made into."""

    ladder: tuple[Rung, ...]
    target_lufs: float
    aac_coder: str


def read_recipe(settings: IngestSettings) -> Recipe:
    """Read the ladder's file. Raises InvalidSetting."""
    try:
        rungs = ladder.parse(Path(settings.ladder).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        cause = type(error).__name__
        raise InvalidSetting(
            "SEGUE_LADDER", f"names a file that cannot be read ({cause}): {settings.ladder}"
        ) from error
    except InvalidLadder as error:
        raise InvalidSetting("SEGUE_LADDER", f"{settings.ladder}: {error}") from error
    return Recipe(ladder=rungs, target_lufs=settings.target_loudness_lufs, aac_coder=settings.aac_coder)
