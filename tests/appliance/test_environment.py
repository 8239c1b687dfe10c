from pathlib import Path

import pytest

from appliance.environment import with_files
from config.errors import InvalidSetting


def test_takes_a_secret_from_the_file_that_its_variable_names(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("secret\n")
    assert with_files({"SEGUE_S3_SECRET_KEY_FILE": str(file), "PATH": "/bin"}) == {
        "SEGUE_S3_SECRET_KEY": "secret",
        "PATH": "/bin",
    }


def test_file_wins_over_the_plain_variable(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from the file")
    variables = {"SEGUE_S3_SECRET_KEY": "plain", "SEGUE_S3_SECRET_KEY_FILE": str(file)}
    assert with_files(variables) == {"SEGUE_S3_SECRET_KEY": "from the file"}


def test_leaves_variables_of_others_alone() -> None:
    variables = {"GIT_CONFIG_FILE": "/nowhere", "SSL_CERT_FILE": "/nowhere"}
    assert with_files(variables) == variables


def test_names_the_variable_whose_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"SEGUE_S3_SECRET_KEY_FILE.*cannot be read"):
        with_files({"SEGUE_S3_SECRET_KEY_FILE": str(tmp_path / "missing")})
