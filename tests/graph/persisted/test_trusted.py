import hashlib
import json
from pathlib import Path

import pytest

from config.errors import InvalidSetting
from graph.persisted.trusted import trusted_documents

TEXT = "query Who { viewer { id } }\n"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


def test_a_folder_lists_its_documents(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "who.graphql").write_text(TEXT)
    (tmp_path / "README.md").write_text("no document")
    assert trusted_documents(str(tmp_path)) == {DIGEST: TEXT}


@pytest.mark.parametrize("name", [DIGEST, f"sha256:{DIGEST}", DIGEST.upper()])
def test_a_file_lists_texts_by_their_hash(tmp_path: Path, name: str) -> None:
    (tmp_path / "documents.json").write_text(json.dumps({name: TEXT}))
    assert trusted_documents(str(tmp_path / "documents.json")) == {DIGEST: TEXT}


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(json.dumps({"0" * 64: TEXT}), id="the hash of another text"),
        pytest.param(json.dumps({"who": TEXT}), id="a name that is no hash"),
        pytest.param(json.dumps([TEXT]), id="a list"),
        pytest.param("{", id="no JSON"),
    ],
)
def test_a_list_that_cannot_be_trusted_stops_the_process(tmp_path: Path, written: str) -> None:
    (tmp_path / "documents.json").write_text(written)
    with pytest.raises(InvalidSetting, match="SEGUE_TRUSTED_DOCUMENTS"):
        trusted_documents(str(tmp_path / "documents.json"))


def test_a_place_where_nothing_is_stops_the_process(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting):
        trusted_documents(str(tmp_path / "nowhere"))


def test_without_a_place_nothing_is_trusted() -> None:
    assert trusted_documents("") == {}
