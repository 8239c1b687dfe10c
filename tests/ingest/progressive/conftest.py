"""Progressive files as the stage writes them, and what outside decoders make of them."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ingest.pcm import DEFAULT_POSITIONS, PcmInfo, SampleForm
from ingest.progressive.labels import Labels
from ingest.renditions.ladder import File, Rung
from ingest.stages import render
from ingest.tasks import Render, Rendered
from origin.asset import Codec

LABELS = Labels(title="Träumerei, “op. 15” № 7", artist="Ä & Søn", album="Kinderszenen", isrc="DEA120600001")
RUNGS = {
    File.M4A: Rung(name="aac-160", codec=Codec.AAC, stereo_bandwidth_bps=160_000, files=(File.CMAF, File.M4A)),
    File.FLAC: Rung(name="flac", codec=Codec.FLAC, files=(File.FLAC,)),
    File.MP3: Rung(name="mp3-320", codec=Codec.MP3, stereo_bandwidth_bps=320_000, files=(File.MP3,)),
    File.OGG: Rung(name="vorbis-160", codec=Codec.VORBIS, stereo_bandwidth_bps=160_000, files=(File.OGG,)),
}


class Studio:
    """Writes files below one folder."""

    labels = LABELS

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rendered(
        self,
        rung: Rung,
        frames: Any,
        rate: int = 44_100,
        *,
        bits: int | None = None,
        labels: Labels = LABELS,
        positions: tuple[str, ...] | None = None,
    ) -> Rendered:
        """All files of a rung; `bits` makes integers of the floats."""
        scratch = self.folder / "source.pcm"
        if bits is None:
            form, stored, data = SampleForm.F32, 24, frames.astype("<f4")
        elif bits == 16:
            form, stored, data = SampleForm.S16, 16, np.clip(np.rint(frames * 0x8000), -0x8000, 0x7FFF).astype("<i2")
        else:
            whole = np.rint(frames * (2 ** (bits - 1) - 1)).astype(np.int64)
            form, stored, data = SampleForm.S32, bits, (whole << (32 - bits)).astype("<i4")
        scratch.write_bytes(data.tobytes())
        info = PcmInfo(
            sample_rate_hz=rate,
            positions=positions or DEFAULT_POSITIONS[frames.shape[1]],
            form=form,
            stored_bits=stored,
            sample_count=len(frames),
        )
        task = Render(
            rung=rung,
            pcm_path=str(scratch),
            info=info,
            gain_db=0.0,
            aac_coder="twoloop",
            labels=labels,
            folder=str(self.folder),
        )
        return render.run(task, lambda _fraction: None)

    def make(self, file: File, frames: Any, rate: int = 44_100, **options: Any) -> Path:
        """One file of its kind."""
        result = self.rendered(RUNGS[file], frames, rate, **options)
        return next(Path(written.path) for written in result.files if written.file is file)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


@pytest.fixture(scope="session")
def ffmpeg_decoded() -> Any:
    """FFmpeg's own decoding by its own rules, as (n, channels)."""

    def decoded(path: Path) -> Any:
        with av.open(str(path)) as container:
            frames = [(frame.to_ndarray(), frame) for frame in container.decode(audio=0)]
        return np.concatenate(
            [samples.T if frame.format.is_planar else samples.reshape(frame.samples, -1) for samples, frame in frames]
        )

    return decoded
