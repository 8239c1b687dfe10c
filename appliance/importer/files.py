"""Which files an import takes, and what each says of itself.

Folders are searched to their depths in the order of names; hidden entries and the usual company of music (pictures,
playlists, texts) are left out. A file that is named is always taken. Tags are read and cleaned up as the ingest does it
(`ingest.tag_reader`, `ingest.tags`); where they are silent, the names of file and folders speak, as in
`Band/Album/01 Title.flac`.

Not here: whether a file is music that can be ingested. The ingest decides that by its bytes and says why not.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from tinytag import TinyTag, TinyTagException

from appliance.errors import ApplianceError
from appliance.importer.albums import Description, settled
from graph.names import BIDI_OVERRIDES, MAX_LENGTH, REFUSED_CATEGORIES
from ingest.contract import Tags
from ingest.tag_reader import read
from ingest.tags import Fields, tags_of

# fmt: off
COMPANIONS: Final = frozenset(
    {
        ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".bmp", ".tif", ".tiff",
        ".svg",
        ".pdf", ".txt", ".md", ".nfo", ".log", ".cue", ".m3u", ".m3u8", ".pls",
        ".xspf", ".lrc", ".json", ".xml", ".csv", ".tsv", ".html", ".url", ".md5",
        ".sha256", ".sfv", ".accurip", ".ini", ".db", ".zip",
    }
)
# fmt: on
"""What lies beside music in people's folders and is no music."""
NUMBERED: Final = re.compile(r"(?:(?P<disc>\d)[-.])?(?P<number>\d{1,3})(?:\s*[-._]\s*|\s+)(?P<title>.*\S.*)")
DISC_FOLDER: Final = re.compile(r"(?:cd|disc|disk)[\s._-]*(\d{1,2})(?:\b.*)?", re.IGNORECASE)
MEDIA_TYPES: Final = {
    **dict.fromkeys((".wav", ".wave", ".rf64", ".bwf"), "audio/wav"),
    **dict.fromkeys((".aif", ".aiff"), "audio/aiff"),
    **dict.fromkeys((".ogg", ".oga"), "audio/ogg"),
    **dict.fromkeys((".m4a", ".mp4"), "audio/mp4"),
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".opus": "audio/opus",
}
"""Every system has another opinion of these; of all other files the ingest decides by their bytes."""
UNKNOWN_TYPE: Final = "application/octet-stream"
COMPILATION: Final = ("compilation", "tcmp", "cpil")  # by Vorbis, ID3 and MP4
READ_BYTES: Final = 1024 * 1024


class UnreadableFolder(ApplianceError):
    """A folder among those to import cannot be listed; mend its permissions, or leave it out."""

    code = "unreadable_folder"

    def __init__(self, folder: Path, cause: str) -> None:
        super().__init__(
            f"{shown(folder)} cannot be read ({cause}); mend its permissions, or name the others one by one"
        )
        self.folder = folder


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A file to import; `root` is the folder that it was found in, or its own folder when it was named."""

    file: Path
    root: Path
    found: bool
    """False when the file itself was named: its folder then says nothing about it."""

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders above the file, outermost first, the given one included."""
        if not self.found:
            return ()
        inner = self.file.parent.relative_to(self.root).parts
        return (self.root.resolve().name, *inner)

    @property
    def disc(self) -> int | None:
        """The number of the disc whose folder this is, as `CD 2`; such a folder is a part of the album above it."""
        found = DISC_FOLDER.fullmatch(self.folders[-1]) if len(self.folders) > 1 else None
        return int(found[1]) or None if found else None

    @property
    def album_folder(self) -> Path:
        """Where the album is that the file belongs to; a file that was named is on its own."""
        if not self.found:
            return self.file
        return self.file.parent if self.disc is None else self.file.parent.parent


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a promise of a file states about its bytes."""

    size_bytes: int
    sha256: str
    media_type: str


def find(paths: Iterable[Path]) -> tuple[list[Source], list[Path]]:
    """The files to import, each once, and those in folders that are left out because they are no music.

    Raises UnreadableFolder: an import that passed over a folder would look complete.
    """
    taken: dict[Path, Source] = {}
    left: list[Path] = []
    for path in paths:
        if not path.is_dir():
            taken.setdefault(path.resolve(), Source(file=path, root=path.parent, found=False))
            continue
        for file in _below(path):
            if file.suffix.lower() in COMPANIONS:
                left.append(file)
            else:
                taken.setdefault(file.resolve(), Source(file=file, root=path, found=True))
    return list(taken.values()), left


def describe(source: Source) -> Description:
    """Read a file's tags. Raises OSError when the file cannot be read."""
    fields = _fields(source.file)
    tags = tags_of(fields) or Tags()
    named = _by_name(source)
    return Description(
        title=tags.title or named.title,
        artist=tags.artist or tags.album_artist or named.artist,
        album=tags.album or named.album,
        album_artist=tags.album_artist,
        compilation=any("1" in fields.get(name, ()) for name in COMPILATION),
        disc_number=tags.disc_number or named.disc_number,
        track_number=tags.track_number or named.track_number,
        release_date=f"{tags.date}-01-01"[:10] if tags.date else None,
        isrc=tags.isrc,
        duration_s=_duration_s(source.file),
    )


def describe_together(sources: Iterable[Source]) -> dict[Path, Description | OSError]:
    """Read the tags of the files of one album; what stands for a file that cannot be read is why."""
    read: dict[Path, Description] = {}
    failed: dict[Path, Description | OSError] = {}
    for source in sources:
        try:
            read[source.file] = describe(source)
        except OSError as error:
            failed[source.file] = error
    return failed | dict(zip(read, settled(list(read.values())), strict=True))


def _fields(file: Path) -> Fields:
    with file.open("rb") as opened:
        try:
            return read(opened)[0]
        except OSError:
            raise
        except Exception:  # noqa: BLE001 -- whatever tags are like, whether it is music is for the ingest to say
            return {}


def _duration_s(file: Path) -> float | None:
    try:
        return TinyTag.get(file, tags=False).duration
    except (TinyTagException, ValueError, OverflowError):
        return None  # it is for the report alone


def content(file: Path) -> Content:
    """Read a file once and take its measure. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as stream:
        while chunk := stream.read(READ_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Content(
        size_bytes=size, sha256=digest.hexdigest(), media_type=MEDIA_TYPES.get(file.suffix.lower(), UNKNOWN_TYPE)
    )


def shown(file: Path) -> str:
    """A path as text that every encoder takes; a name that is no UTF-8 shows question marks."""
    return str(file).encode("utf-8", "replace").decode()


def _below(folder: Path) -> list[Path]:
    try:
        return list(_walk(folder))
    except OSError as error:
        raise UnreadableFolder(Path(error.filename or folder), error.strerror or type(error).__name__) from error


def _walk(folder: Path) -> Iterator[Path]:
    """The files below a folder, sorted by name; linked folders are not entered, so there is no endless round.

    A link that leads nowhere counts as a file: it is music that is missing, and its own turn tells so.
    """
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _walk(entry)
        elif entry.is_file() or entry.is_symlink():
            yield entry


def _by_name(source: Source) -> Description:
    stem = _text(source.file.stem) or "Untitled"
    found = NUMBERED.fullmatch(stem)
    folders = source.folders if source.disc is None else source.folders[:-1]
    return Description(
        title=found["title"].strip() if found else stem,
        artist=_text(folders[-2]) if len(folders) > 1 else None,
        album=_text(folders[-1]) if folders else None,
        disc_number=source.disc or (int(found["disc"] or 1) or 1 if found else 1),
        track_number=int(found["number"]) or None if found else None,
    )


def _text(value: str | None) -> str | None:
    """One line that the API takes as a name: nothing that it refuses, no longer than it allows; None when empty."""
    composed = unicodedata.normalize("NFC", value or "")
    kept = "".join(" " if _refused(letter) else letter for letter in composed)
    return " ".join(kept.split())[:MAX_LENGTH].strip() or None


def _refused(letter: str) -> bool:
    return letter in BIDI_OVERRIDES or unicodedata.category(letter) in REFUSED_CATEGORIES
