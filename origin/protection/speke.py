"""A key server behind SPEKE 2.0: the key provider for licences of Widevine, PlayReady and FairPlay.

One POST a content. The server is asked again by whoever comes next when it was away; what it said is not forgotten
while there is room (`origin.protection.keyrings`). Whole segments in AES-128 have no licence server, so no keys here.
"""

from __future__ import annotations

from typing import final

import aiohttp

from origin.errors import KeysAway, KeysUnusable, NotThere
from origin.protection import cpix
from origin.protection.keys import Content, Keyring

VERSION = "2.0"
DEADLINE_S = 2.0
"""A player waits about as long for a segment before it asks again."""

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""A key takes some 10 kB with what three systems say of it."""

TOO_MANY_REQUESTS, SERVER_ERRORS = 429, 500


@final
class SpekeKeys:
    """Keys of the server at `url`; `authorization` is sent along as the header of that name unless it is empty."""

    def __init__(self, session: aiohttp.ClientSession, *, url: str, authorization: str) -> None:
        self._session = session
        self._url = url
        self._headers = {"Content-Type": "application/xml", "X-Speke-Version": VERSION}
        if authorization:
            self._headers["Authorization"] = authorization

    async def keyring(self, content: Content) -> Keyring:
        """Raises NotThere, KeysAway, KeysUnusable."""
        if not content.scheme.keeps_boxes:
            raise NotThere(f"no licence server has keys for {content.scheme.value}")
        return cpix.keyring(await self._asked(cpix.request_document(content)), content)

    async def _asked(self, document: bytes) -> bytes:
        try:
            async with self._session.post(
                self._url,
                data=document,
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=DEADLINE_S),
                allow_redirects=False,  # our credentials are for this server
            ) as answer:
                _accept(answer)
                return await _body(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KeysAway(f"no answer from the key server: {error!r}") from error


def _accept(answer: aiohttp.ClientResponse) -> None:
    if answer.status >= SERVER_ERRORS or answer.status == TOO_MANY_REQUESTS:
        raise KeysAway(f"the key server answers {answer.status}")
    if answer.status != 200:
        raise KeysUnusable(f"the key server answers {answer.status}")
    if answer.headers.get("x-speke-version") != VERSION:
        raise KeysUnusable(f"the key server speaks SPEKE {answer.headers.get('x-speke-version')}, not {VERSION}")


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise KeysUnusable(f"the key server's answer is longer than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)
