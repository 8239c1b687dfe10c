"""Pictures made by FFmpeg, through PyAV: another library than the one that draws. AVIF it reads, and does not write."""

import io
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest
import pyvips


def gradient(width: int, height: int) -> Any:
    """Red to the right, green downwards, blue half: shape (height, width, 3)."""
    right = np.linspace(0, 255, width, dtype=np.uint8)[None, :].repeat(height, axis=0)
    down = np.linspace(0, 255, height, dtype=np.uint8)[:, None].repeat(width, axis=1)
    return np.stack([right, down, np.full_like(right, 128)], axis=-1)


CODECS = {
    "jpeg": ("mjpeg", "yuvj444p", "image2pipe"),
    "png": ("png", "rgb24", "image2pipe"),
    "webp": ("libwebp", "yuv420p", "webp"),
    "lossless webp": ("libwebp", "bgra", "webp"),
    "gif": ("gif", "rgb8", "gif"),
}


def encode(pixels: Any, kind: str, *, frames: int = 1) -> bytes:
    codec, pixel_format, container = CODECS[kind]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as target:
        stream = target.add_stream(codec, rate=1)
        stream.width, stream.height = pixels.shape[1], pixels.shape[0]
        stream.pix_fmt = pixel_format
        stream.options = {"lossless": "1"} if "lossless" in kind else {"qscale": "2"} if kind == "jpeg" else {}
        for _ in range(frames):
            target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        target.mux(stream.encode())
    return buffer.getvalue()


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """Encode a gradient of some width and height."""

    def make(kind: str, width: int = 90, height: int = 60, *, frames: int = 1) -> bytes:
        if kind == "avif":
            return bytes(pyvips.Image.new_from_array(gradient(width, height)).write_to_buffer(".avif", Q=90))
        return encode(gradient(width, height), kind, frames=frames)

    return make


def read(data: bytes) -> Any:
    """Decode a picture by FFmpeg, of shape (height, width, 3)."""
    with av.open(io.BytesIO(data)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


@pytest.fixture(scope="session")
def decoded() -> Callable[[bytes], Any]:
    return read
