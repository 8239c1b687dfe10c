from pathlib import Path

import pytest

from appliance.demo.library import PIECES
from appliance.demo.masters import master


@pytest.fixture(scope="session")
def masters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every piece of the library as a file, by title; made once, which takes some seconds."""
    folder = tmp_path_factory.mktemp("library")
    files = {piece.title: folder / piece.file_name for piece in PIECES}
    for piece in PIECES:
        files[piece.title].parent.mkdir(parents=True, exist_ok=True)
        files[piece.title].write_bytes(master(piece))
    return files
