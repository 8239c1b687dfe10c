"""The recipe: the operator's choices, read once, and complaints that name the setting."""

from pathlib import Path

import pytest

from config.errors import InvalidSetting
from config.settings import LADDER, ingest_settings
from ingest.renditions.recipe import read_recipe

REQUIRED = {
    "SEGUE_POSTGRES_URL": "postgresql://localhost/segue",
    "SEGUE_VALKEY_URL": "redis://localhost",
    "SEGUE_S3_ENDPOINT": "http://localhost:9000",
    "SEGUE_S3_ACCESS_KEY": "key",
    "SEGUE_S3_SECRET_KEY": "secret",
    "SEGUE_SCRATCH": "/tmp",
}


def test_packaged_ladder_is_read_when_nothing_else_is_said() -> None:
    recipe = read_recipe(ingest_settings(REQUIRED))
    assert (len(recipe.ladder), recipe.target_lufs, recipe.aac_coder) == (10, -14.0, "twoloop")


def test_another_ladder_is_read_from_its_file(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[rung]]\nname = "aac-64"\ncodec = "aac"\nbandwidth_bps = 64_000\nfiles = ["cmaf"]\n')
    recipe = read_recipe(ingest_settings({**REQUIRED, "SEGUE_LADDER": str(own)}))
    assert [rung.name for rung in recipe.ladder] == ["aac-64"]


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        pytest.param(LADDER.read_bytes().replace(b'"opus"', b'"speex"'), "Invalid enum value 'speex'", id="codec"),
        pytest.param(LADDER.read_bytes().replace(b"24_000", b"24"), "opus-24: bandwidth_bps of opus", id="bandwidth"),
        pytest.param(b"\xff\xfe", "names a file that cannot be read", id="not text"),
        pytest.param(None, r"names a file that cannot be read \(FileNotFoundError\)", id="not there"),
    ],
)
def test_ladder_that_cannot_be_used_is_the_operator_s_to_mend(
    tmp_path: Path, content: bytes | None, finding: str
) -> None:
    own = tmp_path / "own.toml"
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(InvalidSetting, match=rf"SEGUE_LADDER: .*{finding}") as caught:
        read_recipe(ingest_settings({**REQUIRED, "SEGUE_LADDER": str(own)}))
    assert str(own) in str(caught.value)
