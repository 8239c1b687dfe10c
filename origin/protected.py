"""Protected media: what the service asks for paths below a scheme, and for keys and licences.

Encrypted headers and segments are kept in the cache that holds the stored ones, under their ETags: one size bounds
both, and what is asked for most stays, in whatever form.

Not here: whether the asker is entitled (`origin.admission`), how bytes are encrypted (`origin.protection`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from origin.asset import Asset
from origin.errors import NotThere
from origin.protection import clear_key
from origin.protection.keyrings import Keyrings
from origin.protection.keys import ContentKey, KeyProvider, Keyring, content_of
from origin.protection.media import encrypted_header, encrypted_segment, header_etag, segment_etag
from origin.protection.scheme import Scheme
from origin.reads.cache import Cache
from origin.resources import Media, Resource, Written
from origin.routes import Header, HlsKey, MediaSegment

SECRET = {"cache-control": "private, no-store"}
"""Of keys and licences: a cache between would hand them to whoever is not entitled."""

Read: TypeAlias = Callable[[Media], Awaitable[bytes]]


class Protected:
    """The protected side of one process."""

    def __init__(self, *, provider: KeyProvider, cache: Cache[str, bytes], segments_per_period: int | None) -> None:
        self._keyrings = Keyrings(provider)
        self._cache = cache
        self._segments_per_period = segments_per_period

    async def keyring(self, asset: Asset, scheme: Scheme) -> Keyring:
        """Raises NotThere for a scheme without keys, KeysAway and KeysUnusable."""
        return await self._keyrings.keyring(content_of(asset, scheme, self._segments_per_period))

    async def encrypted(
        self, clear: Resource, asset: Asset, file: Header | MediaSegment, keyring: Keyring, *, read: Read
    ) -> Resource:
        """The encrypted form of a header or a segment, which `read` reads when it is not in memory."""
        if not isinstance(clear.body, Media) or (isinstance(file, Header) and not keyring.scheme.keeps_boxes):
            return clear
        etag, encrypt = _form(asset, file, keyring)
        content = self._cache.get(etag)
        if content is None:
            stored = await read(clear.body)
            # Of many who waited for one read, the first encrypts.
            content = self._cache.get(etag) or encrypt(stored)
            self._cache.put(etag, content, size_bytes=len(content))
        return msgspec.structs.replace(clear, etag=etag, body=Written(content))

    def held(self, etag: str) -> bytes | None:
        """The encrypted form by its ETag if it is in memory, and count that it was asked for."""
        return self._cache.get(etag)

    async def key(self, asset: Asset, file: HlsKey) -> Resource:
        """The 16 bytes of a crypto period's key. Raises NotThere."""
        keys = await self._disclosed(asset, file.scheme)
        if file.period >= len(keys):
            raise NotThere(f"no crypto period {file.period}")
        key = keys[file.period]
        return Resource(
            content_type=clear_key.KEY_TYPE, etag=f'"{key.key_id.hex}"', headers=SECRET, body=Written(key.key)
        )

    async def license(self, asset: Asset, request: bytes) -> bytes:
        """The ClearKey licence that answers `request`. Raises MalformedLicenseRequest, Refused, NotThere."""
        keyrings = [await self._disclosed(asset, scheme) for scheme in Scheme if scheme.keeps_boxes]
        return clear_key.license_for(request, keyrings)

    async def _disclosed(self, asset: Asset, scheme: Scheme) -> tuple[ContentKey, ...]:
        keyring = await self.keyring(asset, scheme)
        if not keyring.disclosed:
            raise NotThere("the keys are those of a licence server")
        return keyring.keys


def _form(asset: Asset, file: Header | MediaSegment, keyring: Keyring) -> tuple[str, Callable[[bytes], bytes]]:
    """The ETag of the encrypted form, and what makes it of the stored one."""
    rendition = asset.rendition(file.rendition)
    if isinstance(file, Header):
        return header_etag(rendition, keyring), lambda stored: encrypted_header(stored, keyring)
    index = file.index
    return (
        segment_etag(rendition, index, keyring),
        lambda stored: encrypted_segment(stored, asset, rendition, index, keyring),
    )
