"""Figures that no field of HLS or DASH holds: how a rendition joins its neighbours without a gap, and how loud it is.

No fragmented file signals its padding in a way that players honour, so a player that joins tracks by itself has to be
told: how many samples the decoder gives before and behind the presentation, and how many belong to it. HLS has them as
session data, DASH as a SupplementalProperty, in the same words. Both are named after Segue: no registry has a name for
them, and clients skip what they do not know.
"""

from __future__ import annotations

from origin.asset import Rendition

GAPLESS_URN = "urn:segue:gapless:1"
LOUDNESS_URN = "urn:segue:loudness:1"


def gapless(rendition: Rendition) -> str:
    """`sample_rate=44100 priming=1024 padding=575 samples=441777`: all in samples of one channel."""
    return (
        f"sample_rate={rendition.sample_rate_hz} priming={rendition.priming_samples} "
        f"padding={rendition.padding_samples} samples={rendition.sample_count}"
    )


def loudness(rendition: Rendition) -> str:
    """`integrated_lufs=-14.02 true_peak_dbtp=-1.31 gain_db=-3.10`, as it is heard.

    What could not be measured, as of silence, is left out.
    """
    measured = rendition.loudness
    figures = {
        "integrated_lufs": measured.integrated_lufs,
        "true_peak_dbtp": measured.true_peak_dbtp,
        "gain_db": rendition.gain_db,
    }
    return " ".join(f"{name}={value:.2f}" for name, value in figures.items() if value is not None)
