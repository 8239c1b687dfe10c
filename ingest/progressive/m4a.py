"""A progressive .m4a: the AAC frames of a track file again, with one header in front (ISO/IEC 14496-12 and 14496-14).

Decisions (docs/decisions/0039), held against FFmpeg's own muxer by the tests:

- *`moov` before `mdat`*, so that playing starts with the first bytes. Its length follows from the number of frames,
  which is known before any is encoded; its place is kept free and written at the end. Memory holds their sizes alone.
- *The end is told three times*, since players look in different places: by the edit list, which is exact to the
  sample, by the last frame's shorter duration, and by `iTunSMPB`, which some old players know alone.
- *Roll group*: decoding starts one frame early, wherever it starts.
- *Chunks of about a second*, as players that read chunk by chunk expect.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate
from struct import pack
from typing import IO

import msgspec

from ingest.cmaf import boxes
from ingest.cmaf.track_file import AAC_FRAME, AAC_PREROLL, TRACK_ID, Frame, Track, sample_entry
from ingest.errors import IngestFault
from ingest.progressive.labels import Labels, item_list


class M4aWriter:
    """Writes to `target`, which is empty and can be read and sought; `track` needs no bandwidths yet."""

    def __init__(self, target: IO[bytes], track: Track, labels: Labels) -> None:
        self._target = target
        self._track = track
        self._labels = labels
        self._promised_count = -(-(track.priming_samples + track.sample_count) // AAC_FRAME)
        self._sizes = array("I")
        target.write(bytes(len(header(track, labels, [0] * self._promised_count))))

    def add(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self._sizes.append(len(frame.data))
            self._target.write(frame.data)

    def finish(self) -> None:
        """Write the header. Raises IngestFault when there are more or fewer frames than the samples need."""
        if len(self._sizes) != self._promised_count:
            raise IngestFault(f"the encoder gave {len(self._sizes)} frames instead of {self._promised_count}")
        self._target.seek(0)
        self._target.write(header(_with_bandwidths(self._track, self._sizes), self._labels, self._sizes))


def header(track: Track, labels: Labels, sizes: Sequence[int]) -> bytes:
    """All that comes before the first frame; as long for any `sizes` as for others of the same number."""

    def front(first_offset: int) -> bytes:
        return boxes.ftyp("M4A ", ("M4A ", "isom", "iso2", "mp42")) + _moov(track, labels, sizes, first_offset)

    # Lengths and offsets have 32 bits: four hours at AAC's limit of 1536 bytes for a stereo frame are 1 GB.
    mdat = pack(">I4s", 8 + sum(sizes), b"mdat")
    return front(len(front(0)) + len(mdat)) + mdat


def _moov(track: Track, labels: Labels, sizes: Sequence[int], first_offset: int) -> bytes:
    rate, heard = track.sample_rate_hz, track.sample_count
    held = track.priming_samples + heard
    tables = _stbl(track, sizes, first_offset)
    media = boxes.box(
        "mdia",
        boxes.mdhd(rate, duration_ticks=held),
        boxes.hdlr(),
        boxes.box("minf", boxes.smhd(), boxes.dinf(), tables),
    )
    edits = boxes.box("edts", boxes.elst(track.priming_samples, heard))
    return boxes.box(
        "moov",
        boxes.mvhd(rate, duration_ticks=heard),
        boxes.box("trak", boxes.tkhd(TRACK_ID, duration_ticks=heard), edits, media),
        item_list(labels, freeform={"iTunSMPB": _smpb(track, len(sizes))}),
    )


def _stbl(track: Track, sizes: Sequence[int], first_offset: int) -> bytes:
    """8.5.1, with the tables that tell where every frame lies and how long it lasts."""
    per_chunk = track.sample_rate_hz // AAC_FRAME
    starts = [0, *accumulate(sizes)][: len(sizes) : per_chunk]
    offsets = [first_offset + start for start in starts]
    return boxes.box(
        "stbl",
        boxes.full_box("stsd", pack(">I", 1), sample_entry(track)),
        _table("stts", _duration_runs(len(sizes), AAC_FRAME - _padding(track, len(sizes)))),
        _table("stsc", _chunk_runs(len(sizes), per_chunk)),
        boxes.full_box("stsz", pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)),
        _table("stco", [(offset,) for offset in offsets]),
        boxes.roll_group(AAC_PREROLL),
        boxes.roll_members(len(sizes)),
    )


def _table(kind: str, rows: Sequence[tuple[int, ...]]) -> bytes:
    """A full box of rows of 32-bit numbers, with their count in front."""
    numbers = [number for row in rows for number in row]
    return boxes.full_box(kind, pack(f">I{len(numbers)}I", len(rows), *numbers))


def _duration_runs(frame_count: int, last_ticks: int) -> list[tuple[int, int]]:
    """8.6.1.2: (frames, ticks of each)."""
    if last_ticks == AAC_FRAME:
        return [(frame_count, AAC_FRAME)]
    return [(frame_count - 1, AAC_FRAME), (1, last_ticks)]


def _chunk_runs(frame_count: int, per_chunk: int) -> list[tuple[int, int, int]]:
    """8.7.4: (first chunk, frames in it and in the following, description); the last chunk may hold fewer."""
    whole, rest = divmod(frame_count, per_chunk)
    runs = [(1, per_chunk, 1)] if whole else []
    return [*runs, (whole + 1, rest, 1)] if rest else runs


def _padding(track: Track, frame_count: int) -> int:
    return frame_count * AAC_FRAME - track.priming_samples - track.sample_count


def _smpb(track: Track, frame_count: int) -> str:
    """Priming, padding and samples in hexadecimal, among fields that nobody reads (iTunes' own form)."""
    told = f"{track.priming_samples:08X} {_padding(track, frame_count):08X} {track.sample_count:016X}"
    return f" 00000000 {told}{' 00000000' * 8}"


def _with_bandwidths(track: Track, sizes: Sequence[int]) -> Track:
    """The average of all frames, and the most that any second of them takes (14496-1, section 7.2.6.6)."""
    rate = track.sample_rate_hz
    ends = [0, *accumulate(sizes)]
    window = -(-rate // AAC_FRAME)
    most = max(ends[min(first + window, len(sizes))] - ends[first] for first in range(len(sizes)))
    return msgspec.structs.replace(
        track,
        average_bandwidth_bps=round(ends[-1] * 8 * rate / (len(sizes) * AAC_FRAME)),
        peak_bandwidth_bps=-(-most * 8 * rate // (window * AAC_FRAME)),
    )
