"""AES over the samples of a segment, in as few calls as each scheme allows: a call costs what 1 kB of encryption does.

- *cenc*: every sample counts its blocks from 0 under its own vector, so the key stream of all of them is that of one
  list of counters, encrypted by one call in ECB mode; what a last block has too much is left out, and one XOR follows.
- *cbcs*: a sample starts anew from the constant vector. The library has no way to set a running context's vector, and
  making a context for each sample costs four times as much. The chain goes on instead: its last block is taken out of
  the first one of the next sample by XOR and the vector put in, which makes the very same cipher text.
- *AES-128*: one call for a whole segment.

Figures are in docs/decisions/0063-encryption-speed.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

BLOCK_BYTES = 16


def count_over(data: bytes, sizes: Sequence[int], *, key: bytes, first_iv: int) -> bytes:
    """AES-CTR of whole samples; the vectors are `first_iv` and the numbers after it (ISO/IEC 23001-7, 9.5 and 10.1)."""
    blocks = (np.array(sizes) + BLOCK_BYTES - 1) // BLOCK_BYTES
    starts = np.cumsum(blocks) - blocks
    counters = np.empty((int(blocks.sum()), 2), ">u8")
    counters[:, 0] = np.repeat(np.arange(first_iv, first_iv + len(sizes), dtype=np.uint64), blocks)
    counters[:, 1] = np.arange(len(counters)) - np.repeat(starts, blocks)
    # In ECB mode each counter is encrypted on its own, which is what CTR mode does inside (NIST SP 800-38A, 6.5).
    stream = Cipher(AES128(key), ECB()).encryptor().update(counters.tobytes())  # noqa: S305 -- see above
    places = zip((starts * BLOCK_BYTES).tolist(), sizes, strict=True)
    used = b"".join([stream[start : start + size] for start, size in places])
    return (np.frombuffer(data, np.uint8) ^ np.frombuffer(used, np.uint8)).tobytes()


def chain_blocks(data: bytes, sizes: Sequence[int], *, key: bytes, iv: bytes) -> bytes:
    """AES-CBC of the whole blocks of each sample, each from `iv` (ISO/IEC 23001-7, 9.7 and 10.4)."""
    update = Cipher(AES128(key), CBC(iv)).encryptor().update
    vector = last = int.from_bytes(iv)
    parts, start = [], 0
    for size in sizes:
        end = start + size - size % BLOCK_BYTES
        if end > start:
            behind = start + BLOCK_BYTES
            first = int.from_bytes(data[start:behind]) ^ last ^ vector
            parts.append(update(first.to_bytes(BLOCK_BYTES) + data[behind:end]))
            last = int.from_bytes(parts[-1][-BLOCK_BYTES:])
        start += size
        parts.append(data[end:start])
    return b"".join(parts)


def chain_whole(data: bytes, *, key: bytes, iv: bytes) -> bytes:
    """AES-CBC of everything, padded by 1 to 16 bytes that say how many they are (RFC 8216, 4.3.2.4; RFC 5652, 6.3)."""
    padding = BLOCK_BYTES - len(data) % BLOCK_BYTES
    return Cipher(AES128(key), CBC(iv)).encryptor().update(data + bytes([padding]) * padding)
