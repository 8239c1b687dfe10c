"""A finished rung: one encoding that was verified, as the records that the descriptor is made of. Pure."""

from __future__ import annotations

import msgspec

from ingest.cmaf.track_file import CODEC_STRINGS
from ingest.pcm import PcmInfo
from ingest.renditions.ladder import File, Rung
from ingest.tasks import Packaged, Rendered, Verified
from origin.asset import Codec, Progressive, Rendition
from origin.layout import track_file_name

MEDIA_TYPES = {
    File.CMAF: "audio/mp4",
    File.M4A: "audio/mp4",
    File.FLAC: "audio/flac",
    File.MP3: "audio/mpeg",
    File.OGG: "audio/ogg",
}
WHOLE_CODEC_STRINGS = {**CODEC_STRINGS, Codec.FLAC: "flac", Codec.MP3: "mp3", Codec.VORBIS: "vorbis"}
"""Of whole files, as browsers' `canPlayType` takes them: outside MP4 there is no sample entry to be named after."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What a rung became: one of the two, or both from the same encoding."""

    rung_name: str
    rendition: Rendition | None
    progressive: Progressive | None

    @property
    def file_names(self) -> tuple[str, ...]:
        """The objects that hold it, below its revision's directory."""
        track = () if self.rendition is None else (track_file_name(self.rendition.name),)
        return track if self.progressive is None else (*track, self.progressive.file_name)


def finished(rung: Rung, info: PcmInfo, rendered: Rendered, verified: Verified, *, gain_db: float) -> Finished:
    """The records of a rung made of a source of `info`. Raises origin.asset.InvalidDescriptor."""
    cmaf = next((file for file in rendered.files if file.file is File.CMAF), None)
    whole = next((file for file in rendered.files if file.file is not File.CMAF), None)
    made = _Made(rung=rung, info=info, rendered=rendered, verified=verified, gain_db=gain_db)
    return Finished(
        rung_name=rung.name,
        rendition=None if cmaf is None else made.rendition(cmaf),
        progressive=None if whole is None else made.progressive(whole),
    )


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """What both records share."""

    rung: Rung
    info: PcmInfo
    rendered: Rendered
    verified: Verified
    gain_db: float

    def rendition(self, file: Packaged) -> Rendition:
        track = self.rendered.track
        assert track is not None  # noqa: S101 -- a CMAF file is written together with its figures
        average = self._average_bps(file)
        return Rendition(
            name=self.rung.name,
            codec=self.rung.codec,
            codec_string=CODEC_STRINGS[self.rung.codec],
            sample_rate_hz=self.info.sample_rate_hz,
            channels=self.info.channels,
            nominal_bandwidth_bps=self._nominal_bps(average),
            average_bandwidth_bps=average,
            peak_bandwidth_bps=track.peak_bandwidth_bps,
            priming_samples=self.rendered.priming_samples,
            padding_samples=self.rendered.padding_samples,
            sample_count=self.rendered.sample_count,
            header_byte_length=track.header_byte_length,
            header_sha256=track.header_sha256,
            segments=track.segments,
            sha256=file.sha256,
            gain_db=self.gain_db,
            loudness=self.verified.reading,
        )

    def progressive(self, file: Packaged) -> Progressive:
        average = self._average_bps(file)
        return Progressive(
            name=self.rung.name,
            extension=file.file.extension,
            media_type=MEDIA_TYPES[file.file],
            codec=self.rung.codec,
            codec_string=WHOLE_CODEC_STRINGS[self.rung.codec],
            sample_rate_hz=self.info.sample_rate_hz,
            channels=self.info.channels,
            nominal_bandwidth_bps=self._nominal_bps(average),
            average_bandwidth_bps=average,
            priming_samples=self.rendered.priming_samples,
            padding_samples=self.rendered.padding_samples,
            sample_count=self.rendered.sample_count,
            byte_length=file.byte_length,
            sha256=file.sha256,
            part_sha256s=file.part_sha256s,
            gain_db=self.gain_db,
            loudness=self.verified.reading,
        )

    def _average_bps(self, file: Packaged) -> int:
        return round(file.byte_length * 8 * self.info.sample_rate_hz / self.rendered.sample_count)

    def _nominal_bps(self, average_bps: int) -> int:
        nominal = self.rung.bandwidth_bps(self.info.channels)
        return average_bps if nominal is None else nominal
