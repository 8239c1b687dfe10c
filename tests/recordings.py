"""Recordings and malformed files that are not part of the project: they lie in a folder beside it, or tests skip."""

from pathlib import Path

import pytest

AUDIO = Path(__file__).parents[2] / "shared" / "audio"
MUSIC, BROKEN = AUDIO / "music", AUDIO / "broken"

needs_music = pytest.mark.skipif(
    not MUSIC.is_dir(), reason="the recordings of shared/audio/music are not next to the project"
)
needs_broken = pytest.mark.skipif(
    not BROKEN.is_dir(), reason="the malformed files of shared/audio/broken are not next to the project"
)
