"""A rendition that nobody encoded, for tests of what becomes of its record."""

from origin.asset import Codec, Loudness, Rendition, Segment

QUIET = Loudness(integrated_lufs=None, true_peak_dbtp=None)
RENDITION = Rendition(
    name="one",
    codec=Codec.FLAC,
    codec_string="fLaC",
    sample_rate_hz=48_000,
    channels=2,
    nominal_bandwidth_bps=1,
    average_bandwidth_bps=1,
    peak_bandwidth_bps=1,
    priming_samples=0,
    padding_samples=0,
    sample_count=4096,
    header_byte_length=1,
    header_sha256="0" * 32,
    segments=(Segment(byte_length=1, duration_ticks=4096, sha256="0" * 32),),
    sha256="00",
    gain_db=0.0,
    loudness=QUIET,
)
