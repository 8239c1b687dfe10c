"""Why a master or a picture is refused, and what its artist can do about it."""

from __future__ import annotations

from enum import Enum


class FailureCode(Enum):
    """Why a master was refused; stable, for programs. :data:`REMEDIES` has the sentence for people."""

    UNSUPPORTED_CONTAINER = "unsupported_container"
    UNSUPPORTED_CODEC = "unsupported_codec"
    PROTECTED = "protected"
    SEVERAL_STREAMS = "several_streams"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SILENT = "silent"
    RESOURCE_LIMIT = "resource_limit"
    UPLOAD_CHANGED = "upload_changed"
    ARTWORK_INVALID = "artwork_invalid"
    """Of an image; a master is not refused for the picture inside it."""
    INTERNAL = "internal"
    GIVEN_UP = "given_up"
    """What failed by a fault of ours and is not kept any more."""


REMEDIES: dict[FailureCode, str] = {
    FailureCode.UNSUPPORTED_CONTAINER: (
        "This is not an audio file that we can read: WAV, AIFF, FLAC, MP3, M4A (AAC-LC or ALAC) or Ogg (Vorbis, Opus "
        "or FLAC). Upload WAV or FLAC."
    ),
    FailureCode.UNSUPPORTED_CODEC: (
        "The audio inside this file is of a kind that we cannot read: compressed in another way, of more than 8 "
        "channels, or at a rate outside of 8 to 384 kHz. Export it as PCM WAV or FLAC at 44.1 to 192 kHz."
    ),
    FailureCode.PROTECTED: (
        "This file is copy-protected, so that nobody can read the audio in it. Upload the master that you made it from."
    ),
    FailureCode.SEVERAL_STREAMS: (
        "This file holds a video, or several streams of audio. Export the one stream that is the track, without video."
    ),
    FailureCode.EMPTY: "The file is empty. Export it again and check its size before you upload.",
    FailureCode.TRUNCATED: "The file ends before its audio does. Export or copy it again, then upload the whole file.",
    FailureCode.CORRUPT: "The audio cannot be decoded to its end. Export it again from your editor.",
    FailureCode.TOO_SHORT: (
        "The audio is shorter than a tenth of a second. Check that you exported the whole track and not a selection."
    ),
    FailureCode.TOO_LONG: "The audio is longer than four hours. Split it into several tracks.",
    FailureCode.SILENT: "Every sample of this file is zero. Check the export: a track may have been muted.",
    FailureCode.RESOURCE_LIMIT: (
        "Reading this file took more memory or time than a track may take. Export it again as plain WAV or FLAC."
    ),
    FailureCode.UPLOAD_CHANGED: "The stored file is not the one that was announced. Upload it again.",
    FailureCode.ARTWORK_INVALID: (
        "This picture cannot be used: it is damaged, too large, or of a kind that we cannot read. Upload a JPEG, PNG,"
        " WebP, AVIF or GIF of up to 20 MB, 40 megapixels and 10,000 pixels a side."
    ),
    FailureCode.INTERNAL: (
        "Something went wrong on our side, several times. Your file is kept and we look into it; you need not send it"
        " again."
    ),
    FailureCode.GIVEN_UP: (
        "Something went wrong on our side, several times, and we could not mend it for this file. Upload it again."
    ),
}
