"""The promise: what a client says of a file before it sends it, and which promises we take. Pure.

The content type has to be one that audio goes by, so that somebody who picked the wrong file hears of it before it is
sent; what the file really is, ingest decides by its bytes. Zero bytes are taken, because the artist is told by the
job's failure code that the file is empty, the same way as of every other bad master.
"""

from __future__ import annotations

import re

import msgspec

from graph.errors import Problem, ProblemCode

LONGEST_FILE_NAME = 255
READABLE = "WAV, AIFF, FLAC, MP3, Ogg or M4A"
SHA256_HEX = re.compile(r"[0-9a-f]{64}")
# RFC 6838 section 4.2: two restricted names. Parameters are left out: the value is signed and sent as it is.
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")

UNKNOWN_TYPE = "application/octet-stream"
# Browsers and systems disagree on most of these names.
AUDIO_TYPES = frozenset(
    {
        *(f"audio/{name}" for name in ("wav", "x-wav", "wave", "x-pn-wav", "vnd.wave")),
        *(f"audio/{name}" for name in ("aiff", "x-aiff", "flac", "x-flac", "mpeg", "mp3", "x-mp3", "mpeg3")),
        *(f"audio/{name}" for name in ("ogg", "opus", "vorbis", "x-vorbis+ogg", "mp4", "m4a", "x-m4a")),
        "application/ogg",
        UNKNOWN_TYPE,
    }
)
"""What a master may be announced as; the unknown type is what is said of a file by somebody who does not know."""


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One file, as announced; `sha256` is lowercase hex."""

    file_name: str
    content_type: str
    size_bytes: int
    sha256: str

    @property
    def digest(self) -> bytes:
        return bytes.fromhex(self.sha256)


def normalised(promise: Promise) -> Promise:
    """The same promise in the form that is stored: no spaces around names, hex and media type in lower case."""
    return Promise(
        file_name=promise.file_name.strip(),
        content_type=promise.content_type.strip().lower(),
        size_bytes=promise.size_bytes,
        sha256=promise.sha256.strip().lower(),
    )


def problems(promise: Promise, max_bytes: int) -> list[Problem]:
    """Everything that keeps a normalised promise from being taken, in the order of its members."""
    found = []
    if not _is_file_name(promise.file_name):
        message = f"Give the file's name without a folder, 1 to {LONGEST_FILE_NAME} printable characters."
        found.append(Problem(ProblemCode.INVALID_VALUE, ("fileName",), message))
    if not MEDIA_TYPE.fullmatch(promise.content_type):
        message = "Give a media type such as audio/flac, without parameters."
        found.append(Problem(ProblemCode.INVALID_VALUE, ("contentType",), message))
    elif promise.content_type not in AUDIO_TYPES:
        message = f"{promise.content_type} is not audio that we can read. Send {READABLE}."
        found.append(Problem(ProblemCode.UNSUPPORTED_TYPE, ("contentType",), message))
    if promise.size_bytes < 0:
        found.append(Problem(ProblemCode.INVALID_VALUE, ("sizeBytes",), "A size is not negative."))
    if promise.size_bytes > max_bytes:
        message = f"A master has at most {max_bytes} bytes; this one has {promise.size_bytes}."
        found.append(Problem(ProblemCode.TOO_LARGE, ("sizeBytes",), message))
    if not SHA256_HEX.fullmatch(promise.sha256):
        message = "Give the SHA-256 of the whole file as 64 hexadecimal digits."
        found.append(Problem(ProblemCode.INVALID_VALUE, ("sha256",), message))
    return found


def _is_file_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_FILE_NAME and name.isprintable() and not set(name) & {"/", "\\"}
