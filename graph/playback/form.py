"""The form of a playback: which encodings a listener wants, and whether they are protected. Pure.

What is asked for becomes the terms of the token, so the origin keeps to it on everything that the token opens, and the
component of the path that names a scheme (decision 0078). A form that leaves nothing of a track is no error here: which
renditions there are stands in the descriptor, and starting a track does not read it.

Not here: how terms are spelled (`edge.terms`), what they leave of an asset (`origin.selection`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

from edge.terms import Terms
from graph.errors import ProblemCode, refused
from origin.asset import Codec, Progressive
from origin.layout import DASH_MANIFEST, HLS_MANIFEST
from origin.protection.scheme import Scheme
from origin.selection import of_terms

LICENSE = "license"
"""Below a revision: where ClearKey licences are given out."""


class Protection(Enum):
    """How the media of a playback are encrypted, if they are; the values are the components of a URL."""

    NONE = "none"
    AES_128 = Scheme.AES_128.value
    CBCS = Scheme.CBCS.value
    CENC = Scheme.CENC.value


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What of the media is wanted: None for every codec and for no ceiling, `scheme` None for clear media."""

    codecs: frozenset[Codec] | None = None
    max_bandwidth_bps: int | None = None
    scheme: Scheme | None = None

    @property
    def terms(self) -> Terms:
        return Terms(
            codecs=None if self.codecs is None else frozenset(codec.value for codec in self.codecs),
            max_bandwidth_bps=self.max_bandwidth_bps,
            protection="clear" if self.scheme is None else "protected",
        )

    @property
    def hls_name(self) -> str:
        """The HLS manifest, below the directory of its media."""
        return self._below(HLS_MANIFEST)

    @property
    def dash_name(self) -> str | None:
        """The DASH manifest; None for AES-128, which encrypts whole segments and is of HLS alone."""
        return self._below(DASH_MANIFEST) if self.scheme is None or self.scheme.keeps_boxes else None

    @property
    def license_name(self) -> str | None:
        """Where the keys are asked for; None for clear media, and for AES-128, whose playlists name the key."""
        return LICENSE if self.scheme is not None and self.scheme.keeps_boxes else None

    def allows(self, file: Progressive) -> bool:
        """Whether the token opens this whole file; there is none in a protected form."""
        return self.scheme is None and of_terms(self.terms).allows(file)

    def _below(self, name: str) -> str:
        return name if self.scheme is None else f"{self.scheme.value}/{name}"


EVERYTHING = Form()
"""Every codec, no ceiling, clear media."""


def form_of(codecs: Sequence[Codec] | None, max_bandwidth_bps: int | None, protection: Protection) -> Form:
    """The form that an input asks for. Raises Refused."""
    if codecs is not None and not codecs:
        raise refused(
            ProblemCode.INVALID_VALUE, "codecs", "Name at least one codec, or leave the field out for all of them."
        )
    if max_bandwidth_bps is not None and max_bandwidth_bps < 1:
        raise refused(ProblemCode.INVALID_VALUE, "maxBandwidthBps", "The ceiling is 1 bit/s or more.")
    return Form(
        codecs=None if codecs is None else frozenset(codecs),
        max_bandwidth_bps=max_bandwidth_bps,
        scheme=None if protection is Protection.NONE else Scheme(protection.value),
    )
