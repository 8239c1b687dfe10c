import errno
import hashlib
import os
import struct
from pathlib import Path
from typing import Any

import pytest
from tinytag import TinyTag

from appliance.demo.library import PIECES
from appliance.demo.masters import master
from appliance.importer import files
from appliance.importer.albums import Description
from appliance.importer.files import Source, UnreadableFolder, content, describe, describe_together, find, shown
from graph.uploads.promise import AUDIO_TYPES
from tests.recordings import BROKEN, MUSIC, needs_broken, needs_music


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def found(*paths: Path, below: Path) -> list[str]:
    sources, _ = find(paths)
    return [str(source.file.relative_to(below)) for source in sources]


def test_searches_folders_to_their_depths_in_the_order_of_names(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.wav", "b/1.wav", "a/z.flac", "a/c/y.wav", "d.mp3")

    assert found(tmp_path, below=tmp_path) == ["a/c/y.wav", "a/z.flac", "b/1.wav", "b/2.wav", "d.mp3"]


def test_leaves_out_what_is_hidden(tmp_path: Path) -> None:
    touch(tmp_path, ".a.wav", ".trash/b.wav", "c.wav")

    assert found(tmp_path, below=tmp_path) == ["c.wav"]


def test_tells_what_it_leaves_out_as_no_music(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", "cover.JPG", "list.m3u8", "notes.txt", "odd.bit")

    sources, left = find([tmp_path])

    assert [source.file.name for source in sources] == ["a.wav", "odd.bit"]
    assert [file.name for file in left] == ["cover.JPG", "list.m3u8", "notes.txt"]


def test_takes_whatever_file_is_named(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden.txt")

    assert found(tmp_path / ".hidden.txt", below=tmp_path) == [".hidden.txt"]


def test_takes_a_file_once_however_often_it_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "a/b.wav")

    assert found(tmp_path / "a" / "b.wav", tmp_path, tmp_path / "a" / ".." / "a", below=tmp_path) == ["a/b.wav"]


def test_does_not_run_in_circles_through_links(tmp_path: Path) -> None:
    touch(tmp_path, "a/b.wav")
    (tmp_path / "a" / "round").symlink_to(tmp_path, target_is_directory=True)

    assert found(tmp_path, below=tmp_path) == ["a/b.wav"]


def test_takes_a_link_that_leads_nowhere_as_a_file_that_will_fail(tmp_path: Path) -> None:
    touch(tmp_path, "a/b.wav")
    (tmp_path / "a" / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    (tmp_path / "a" / "cover.jpg").symlink_to(tmp_path / "nowhere.jpg")

    sources, left = find([tmp_path])

    assert [source.file.name for source in sources] == ["b.wav", "gone.wav"]
    assert [file.name for file in left] == ["cover.jpg"]


@pytest.mark.parametrize("index", [0, 2], ids=["flac", "wav"])
def test_reads_the_tags_of_a_file(tmp_path: Path, index: int) -> None:
    piece = PIECES[index]
    file = tmp_path / f"whatever.{piece.container}"
    file.write_bytes(master(piece))

    assert describe(Source(file=file, root=tmp_path, found=True)) == Description(
        title=piece.title,
        artist="The Lantern Keepers",
        album="Letters from the Breakwater",
        track_number=piece.number,
        release_date="2023-01-01",
        isrc=piece.isrc,
        duration_s=TinyTag.get(file).duration,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Band/Album/01 Title.wav", ("Title", "Band", "Album", 1, 1), id="number and blank"),
        pytest.param("Band/Album/01 - Title.wav", ("Title", "Band", "Album", 1, 1), id="number and dash"),
        pytest.param("Band/Album/07. Title.wav", ("Title", "Band", "Album", 1, 7), id="number and dot"),
        pytest.param("Band/Album/2-11 Title.wav", ("Title", "Band", "Album", 2, 11), id="disc and number"),
        pytest.param("Band/Album/Title.wav", ("Title", "Band", "Album", 1, None), id="no number"),
        pytest.param(
            "Band/Album/99 Red.wav", ("Red", "Band", "Album", 1, 99), id="a number of a title is taken for one"
        ),
        pytest.param("Band/Album/1999.wav", ("1999", "Band", "Album", 1, None), id="a year is a title"),
        pytest.param("Band/Album/42.wav", ("42", "Band", "Album", 1, None), id="a number alone is a title"),
        pytest.param("Band/Album/00 Hidden.wav", ("Hidden", "Band", "Album", 1, None), id="number nought"),
        pytest.param("Band/Album/CD 2/01 Title.wav", ("Title", "Band", "Album", 2, 1), id="the folder of a disc"),
        pytest.param("Band/Album/disc1/01 Title.wav", ("Title", "Band", "Album", 1, 1), id="written together"),
        pytest.param("Band/CD Player/01 T.wav", ("T", "Band", "CD Player", 1, 1), id="an album called like a disc"),
        pytest.param("x/y/Band/Album/01 T.wav", ("T", "Band", "Album", 1, 1), id="deeper folders"),
        pytest.param("Album/01 T.wav", ("T", "music", "Album", 1, 1), id="one folder below the given one"),
        pytest.param("01 T.wav", ("T", None, "music", 1, 1), id="in the given folder"),
    ],
)
def test_without_tags_the_names_speak(
    tmp_path: Path, name: str, expected: tuple[str, str | None, str | None, int, int | None]
) -> None:
    touch(tmp_path / "music", name)
    [source], _ = find([tmp_path / "music"])

    told = describe(source)

    assert (told.title, told.artist, told.album, told.disc_number, told.track_number) == expected


def test_the_folder_of_a_named_file_says_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "Downloads/01 Title.wav")
    [source], _ = find([tmp_path / "Downloads" / "01 Title.wav"])

    assert describe(source) == Description(title="Title", track_number=1)


@pytest.mark.parametrize(
    ("year", "date"),
    [
        ("1999", "1999-01-01"),
        ("1999-12-31", "1999-12-31"),
        ("1999-12-31T10:00:00", "1999-12-31"),
        ("1999-12", "1999-12-01"),
        ("0000", None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_year_is_read_as_far_as_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, year: str | None, date: str | None
) -> None:
    assert _described(tmp_path, monkeypatch, year=[year] if year else []).release_date == date


@pytest.mark.parametrize(
    ("values", "isrc"),
    [
        (["ZZ-SEG-23-00101"], "ZZSEG2300101"),
        (["zzseg2300101"], "ZZSEG2300101"),
        (["none", "ZZSEG2300102"], "ZZSEG2300102"),
        (["ZZSEG230010"], None),
        (["12SEG2300101"], None),
        ([], None),
    ],
)
def test_an_isrc_is_taken_when_it_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: list[str], isrc: str | None
) -> None:
    assert _described(tmp_path, monkeypatch, isrc=values).isrc == isrc


@pytest.mark.parametrize(
    ("tag", "title"),
    [
        pytest.param("  two \t words\n", "two words", id="white space"),
        pytest.param("bell\x07 and", "bell and", id="control characters"),
        pytest.param("one\x00two", "one", id="two titles"),
        pytest.param("e\u0301tude", "\u00e9tude", id="decomposed letters"),
        pytest.param("\u202egnp", "gnp", id="turned direction"),
        pytest.param("x" * 500, "x" * 200, id="a novel"),
        pytest.param(" \x00 ", "file", id="nothing to see"),
    ],
)
def test_titles_become_what_the_api_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: str, title: str
) -> None:
    assert _described(tmp_path, monkeypatch, title=[tag]).title == title


@pytest.mark.parametrize(
    ("track", "number"), [("3", 3), ("999", 999), ("1000", None), ("0", None), ("-1", None), (str(2**31), None)]
)
def test_numbers_out_of_reason_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, track: str, number: int | None
) -> None:
    assert _described(tmp_path, monkeypatch, track=[track]).track_number == number


def test_takes_the_measure_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.flac"
    file.write_bytes(b"abc" * 1_000_000)

    held = content(file)

    assert held.sha256 == hashlib.sha256(b"abc" * 1_000_000).hexdigest()
    assert (held.size_bytes, held.media_type) == (3_000_000, "audio/flac")


def test_an_unknown_kind_of_file_has_the_general_type(tmp_path: Path) -> None:
    touch(tmp_path, "a.bit")

    assert content(tmp_path / "a.bit").media_type == "application/octet-stream"


def test_a_name_that_is_no_utf8_can_be_shown() -> None:
    assert shown(Path(os.fsdecode(b"na\xefve.wav"))) == "na?ve.wav"


@needs_broken
@needs_music
def test_every_odd_file_is_described_or_left_to_the_ingest() -> None:
    sources, _ = find([BROKEN, MUSIC])

    described = [describe(source) for source in sources]

    assert len(described) == 370
    assert all(1 <= len(description.title) <= 200 for description in described)


def _described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **fields: list[str]) -> Description:
    """What becomes of tags that a file would hardly be written with."""
    monkeypatch.setattr(files, "read", lambda _: (fields, None))
    touch(tmp_path, "file.wav")
    return describe(Source(file=tmp_path / "file.wav", root=tmp_path, found=False))


def test_tags_that_cannot_be_read_are_none_and_a_file_that_cannot_be_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise struct.error

    monkeypatch.setattr(files, "read", broken)
    touch(tmp_path, "01 Title.wav")
    assert describe(Source(file=tmp_path / "01 Title.wav", root=tmp_path, found=False)).title == "Title"
    with pytest.raises(FileNotFoundError):
        describe(Source(file=tmp_path / "gone.wav", root=tmp_path, found=False))


def test_source_in_a_riff_list_is_no_isrc(tmp_path: Path) -> None:
    item = b"ISRC" + struct.pack("<I", 12) + b"ZZSEG2300101"
    body = b"WAVE" + b"LIST" + struct.pack("<I", 4 + len(item)) + b"INFO" + item + b"data" + struct.pack("<I", 0)
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert describe(Source(file=tmp_path / "a.wav", root=tmp_path, found=False)).isrc is None


def test_a_folder_that_cannot_be_listed_ends_the_search_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may list everything, so the refusal is made here."""
    (tmp_path / "shut").mkdir()
    listing = Path.iterdir

    def refuse(folder: Path) -> Any:
        if folder.name == "shut":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(UnreadableFolder, match=r"/shut cannot be read \(Permission denied\); mend its permissions"):
        find([tmp_path])


def test_a_linked_folder_is_not_entered_and_a_linked_file_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/a.wav", "single.wav", "music/b.wav")
    (tmp_path / "music" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "music" / "round").symlink_to(tmp_path / "music")
    (tmp_path / "music" / "c.wav").symlink_to(tmp_path / "single.wav")

    sources, left = find([tmp_path / "music"])

    assert [source.file.name for source in sources] == ["b.wav", "c.wav"]
    assert left == []


def test_the_discs_of_an_album_are_described_together(tmp_path: Path) -> None:
    touch(tmp_path, "Band/Album/CD1/01 One.wav", "Band/Album/CD2/01 Two.wav", "Band/Other/01 Three.wav")
    sources, _ = find([tmp_path])

    assert [source.album_folder.name for source in sources] == ["Album", "Album", "Other"]
    assert [source.disc for source in sources] == [1, 2, None]


def test_a_file_that_cannot_be_read_does_not_keep_its_album_from_being_described(tmp_path: Path) -> None:
    touch(tmp_path, "Band/Album/01 One.wav", "Band/Album/02 Two.wav")
    sources, _ = find([tmp_path])
    sources[0].file.unlink()

    gone, there = describe_together(sources).values()

    assert isinstance(gone, FileNotFoundError)
    assert isinstance(there, Description)
    assert (there.title, there.album_artist) == ("Two", "Band")


@pytest.mark.parametrize("tag", ["compilation", "tcmp", "cpil"], ids=["Vorbis", "ID3", "MP4"])
def test_a_compilation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: str) -> None:
    assert _described(tmp_path, monkeypatch, **{tag: ["1"]}).compilation
    assert not _described(tmp_path, monkeypatch, **{tag: ["0"]}).compilation


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.WAV", "audio/wav"), ("a.aif", "audio/aiff"), ("a.m4a", "audio/mp4"), ("a.opus", "audio/opus")],
)
def test_files_go_by_their_type(tmp_path: Path, name: str, media_type: str) -> None:
    touch(tmp_path, name)

    assert content(tmp_path / name).media_type == media_type
    assert media_type in AUDIO_TYPES
