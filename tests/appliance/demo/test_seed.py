from pathlib import Path

from appliance.demo.library import PIECES
from appliance.demo.masters import master
from appliance.demo.seed import _write_if_missing


def test_a_missing_piece_is_made_whole_and_a_present_one_left_alone(tmp_path: Path) -> None:
    piece = PIECES[0]
    file = tmp_path / piece.file_name

    _write_if_missing(file, piece)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    assert file.read_bytes() == master(piece)

    file.write_bytes(b"the operator's own")
    _write_if_missing(file, piece)

    assert file.read_bytes() == b"the operator's own"
