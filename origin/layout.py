"""The layout: where what is stored of a track lies, in the object store and, after the token, in URLs.

Everything of a track lies below the directory of its asset, which is what a token opens, and everything of one master
below that of its revision. Ingest writes there, the origin reads, the graph makes URLs.

Not here: what the files hold (`origin.asset`), images, which are public and lie elsewhere (`origin.image`).
"""

from __future__ import annotations

from uuid import UUID

HLS_MANIFEST = "master.m3u8"
DASH_MANIFEST = "manifest.mpd"


def asset_directory(asset_id: UUID) -> str:
    """Everything of one asset, all revisions; also the scope of a token. Ends with a slash."""
    return f"assets/{asset_id}/"


def withdrawal_key(asset_id: UUID) -> str:
    """An object lies here while the asset, in all its revisions, is withdrawn."""
    return f"{asset_directory(asset_id)}withdrawn"


def revision_directory(asset_id: UUID, revision: int) -> str:
    return f"{asset_directory(asset_id)}{revision}/"


def descriptor_key(asset_id: UUID, revision: int) -> str:
    return f"{revision_directory(asset_id, revision)}asset.json"


def track_file_key(asset_id: UUID, revision: int, rendition: str) -> str:
    return revision_directory(asset_id, revision) + track_file_name(rendition)


def track_file_name(rendition: str) -> str:
    return f"{rendition}.mp4"


def progressive_key(asset_id: UUID, revision: int, file_name: str) -> str:
    return f"{revision_directory(asset_id, revision)}{file_name}"


def loudness_blocks_key(asset_id: UUID, revision: int) -> str:
    """The energies of the master's gating blocks, from which an album's loudness is made (`ingest.loudness`)."""
    return f"{revision_directory(asset_id, revision)}loudness.blocks"


def file_url(origin_url: str, token: str, asset_id: UUID, revision: int, file_name: str) -> str:
    """`{origin}/{token}/assets/{asset}/{revision}/{file}`: what a manifest names is reached by relative URLs."""
    return f"{origin_url}/{token}/{revision_directory(asset_id, revision)}{file_name}"
