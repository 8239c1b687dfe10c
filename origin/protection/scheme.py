"""The schemes of protection, by the component of the path that names them."""

from __future__ import annotations

from enum import Enum


class Scheme(Enum):
    """How the media of one directory are encrypted.

    AES-128 encrypts whole segments and is of HLS alone (RFC 8216 section 4.3.2.4). The other two encrypt the samples of
    a track (ISO/IEC 23001-7, sections 10.1 and 10.4) and serve HLS and DASH from the same segments.
    """

    AES_128 = "aes128"
    CBCS = "cbcs"
    CENC = "cenc"

    @property
    def keeps_boxes(self) -> bool:
        """Whether samples are encrypted and the boxes around them can still be read."""
        return self is not Scheme.AES_128
