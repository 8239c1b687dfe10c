"""`GET /s/{slug}`: the page of a share link, for browsers and for programs that show previews.

It says what the API tells anybody, by asking the API: the same rules decide what is seen, and none is written twice. An
address that never was a link is 404, and so is one whose thing nobody may see now: a playlist that became private, a
withdrawn track. What is deleted for good is 410.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.params import FromPath

from graph import ids
from graph.context import Services
from graph.errors import Unavailable
from graph.schema import schema
from graph.sharing.card import Data, card_of, page
from graph.sharing.service import Link, find_link, is_gone
from graph.sharing.types import PATH, address
from graph.transport.asker import context_of

DOCUMENT = """
query SharedThing($id: ID!) {
  node(id: $id) {
    __typename
    ... on Illustrated { image { files { size width height format url } } }
    ... on Track { title durationMs withdrawnAt artist { name } album { title } }
    ... on Album { title releaseDate artist { name } tracks(first: 1) { totalCount } }
    ... on Artist { name }
    ... on Playlist { name description owner { displayName } entries(first: 1) { totalCount } }
  }
}
"""
MAX_AGE_S = 300
"""A rename is seen in five minutes; a link that goes round is asked for once in that time by each cache."""
MISSING_MAX_AGE_S = 60
"""What is hidden now may be public soon."""
GONE_MAX_AGE_S = 86400

STYLE = (
    "body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#111;color:#eee}"
    "main{max-width:40rem;margin:10vh auto;padding:0 1rem;text-align:center}"
    "img{max-width:100%;height:auto;border-radius:.5rem}h1{margin:1rem 0 0;overflow-wrap:anywhere}"
)
STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HTML = "text/html"


@route(PATH + "{slug:str}", http_method=[HttpMethod.GET, HttpMethod.HEAD], status_code=200)
async def share_page(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[str]:
    """The page of a link. Raises Unavailable."""
    services: Services = request.app.state.services
    link = await find_link(services.pool, slug)
    if link is None:
        return _absent(404, MISSING_MAX_AGE_S)
    node = await _node(request, link)
    if node is None or node.get("withdrawnAt"):
        gone = await is_gone(services.pool, link)
        return _absent(410, GONE_MAX_AGE_S) if gone else _absent(404, MISSING_MAX_AGE_S)
    text = page(card_of(node), url=address(services.settings.share_url, slug), style=STYLE)
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    # Weak, for the page may leave compressed in one way or another; so it is compared as well.
    headers = {**_headers(images_from=services.settings.media.origin_url), "etag": f"W/{tag}"}
    if tag in request.headers.get("if-none-match", ""):
        return Response("", status_code=304, headers=headers)
    return Response(text, media_type=HTML, headers=headers)


def _headers(*, images_from: str) -> dict[str, str]:
    """Of a page: it may be kept by everybody, runs nothing and is framed by nobody."""
    policy = {
        "default-src": "'none'",
        "img-src": images_from,
        "style-src": f"'sha256-{STYLE_DIGEST}'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "cache-control": f"public, max-age={MAX_AGE_S}",
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
    }


async def _node(request: Request[Any, Any, Any], link: Link) -> Data | None:
    """What anybody may see of a link's thing from where the request comes. Raises Unavailable."""
    services: Services = request.app.state.services
    result = await schema(services.settings.requests.documents).execute(
        DOCUMENT,
        variable_values={"id": ids.encode(link.type_name, link.key)},
        context_value=context_of(request, None),
    )
    if result.errors or result.data is None:
        raise Unavailable
    node: Data | None = result.data["node"]
    return node


def _absent(status: int, max_age_s: int) -> Response[str]:
    text = "This link leads nowhere any more." if status == 410 else "There is nothing to see here."
    return Response(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="robots" content="noindex">\n'
        f"<title>{text}</title>\n</head>\n<body>\n<p>{text}</p>\n</body>\n</html>\n",
        status_code=status,
        media_type=HTML,
        headers={"cache-control": f"public, max-age={max_age_s}"},
    )
