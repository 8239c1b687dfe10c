"""Admission: what the token of a request opens, and the tokens that a presentation hands on.

Rules:

1. A token opens the directory that stands behind it in the path, and nothing else of it is believed before its MAC.
2. Its terms name clear media, protected media or both; the other kind is refused like a bad token.
3. Its terms are the most that a request may have. The query of a manifest narrows that for what it lists.
4. A presentation's token opens its running order, and with it every track of it: the origin mints for each track the
   token that opens it alone, under the same key and terms and until the same second (decision 0068).

Not here: the token's text (`edge.token`), what a selection leaves of an asset (`origin.selection`).
"""

from __future__ import annotations

from collections.abc import Mapping

from edge import token
from edge.errors import TokenRejected
from edge.token import Grant
from origin.asset import Asset
from origin.errors import Refused
from origin.layout import asset_directory, revision_directory
from origin.protection.scheme import Scheme
from origin.routes import DashManifest, File, MasterPlaylist
from origin.selection import Selection, narrowed, of_query, of_terms


def admitted(text: str, *, directory: str, protected: bool, keys: Mapping[str, bytes], now_s: int) -> Grant:
    """Verify the token for what lies below `directory`. Raises Refused."""
    try:
        grant = token.verify(text, directory=directory, keys=keys, now_s=now_s)
    except TokenRejected as error:
        raise Refused(error.code) from error
    if grant.terms.protection not in ("any", "protected" if protected else "clear"):
        raise Refused("terms")
    return grant


def selection(grant: Grant, file: File, query: bytes) -> Selection:
    """What of an asset the request may have. Raises MalformedQuery."""
    allowed = of_terms(grant.terms)
    return narrowed(allowed, of_query(query)) if isinstance(file, MasterPlaylist | DashManifest) else allowed


def way_to(asset: Asset, grant: Grant, *, scheme: Scheme | None, keys: Mapping[str, bytes]) -> str:
    """The way from the manifests of a presentation that `grant` opens to the files of one of its tracks.

    It leads up out of `{token}/presentations/{order}/{scheme}/` and down into the asset's directory in the same scheme.
    """
    text = token.mint(
        key_id=grant.key_id,
        secret=keys[grant.key_id],
        directory=asset_directory(asset.asset_id),
        expires_at_s=grant.expires_at_s,
        terms=grant.terms,
    )
    up, form = ("../../../", "") if scheme is None else ("../../../../", f"{scheme.value}/")
    return f"{up}{text}/{revision_directory(asset.asset_id, asset.revision)}{form}"
