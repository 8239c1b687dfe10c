"""The fingerprint of a file's audio: the SHA-256 of its stored master's samples, as `assets.pcm_sha256` holds it.

Two files with the same audio have the same, whatever their containers and tags; another mastering or a lossy copy has
another. The file is decoded the way an upload is, in a child with limits, because it may be just as odd.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ingest import pcm
from ingest.errors import IngestFault, MediaError
from ingest.isolation.children import child
from ingest.jobs.scratch import read_portions
from ingest.pcm import PcmInfo
from ingest.pipeline import decoder_limits, sniff_file
from ingest.tasks import Decode, Decoded


async def fingerprint(file: Path, *, scratch: Path) -> str | None:
    """The digest as hex; None for a file that cannot be decoded, of which the ingest says why. Raises OSError.

    The decoded audio lies in a folder below `scratch` meanwhile.
    """
    size_bytes = (await asyncio.to_thread(file.stat)).st_size
    with TemporaryDirectory(prefix="fingerprint-", dir=scratch) as name:
        folder = Path(name)
        pcm_path = folder / "audio.pcm"
        try:
            whole_path = await asyncio.to_thread(file.resolve)  # the child works in another folder
            header = await asyncio.to_thread(sniff_file, whole_path)
            task = Decode(path=str(whole_path), header=header, pcm_path=str(pcm_path))
            async with child(decoder_limits(header, size_bytes), folder) as decoder:
                decoded: Decoded = await decoder.run(task, _ignore)
        except (MediaError, IngestFault):
            return None
        return await asyncio.to_thread(digest, pcm_path, decoded.info)


def digest(pcm_path: Path, info: PcmInfo) -> str | None:
    """The digest of a scratch file; None for samples that are no numbers, which no stored master has."""
    found = hashlib.sha256()
    for portion in read_portions(pcm_path, info):
        if not np.isfinite(pcm.to_floats(portion, info)).all():
            return None
        found.update(pcm.pack(pcm.to_integers(portion, info), info.stored_bits))
    return found.hexdigest()


async def _ignore(_fraction: float) -> None:
    """Decoding takes a moment."""
