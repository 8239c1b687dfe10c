"""Proposals, as they are read: of the newest revision that is ready, by whoever manages the track."""

from __future__ import annotations

import msgspec

from graph.proposals.tags import ProposedTags
from graph.reads.declarations import Column, Entity, One
from ingest.contract import Tags


def _tags(text: str) -> ProposedTags:
    return ProposedTags.of(msgspec.json.decode(text, type=Tags))


PROPOSAL = Entity(
    type_name="Proposal",
    table="assets",
    alias="proposal",
    key="asset_id",
    columns={"tags": Column(sql="proposal.proposed_tags", convert=_tags)},
    one={"image": One(entity="Image", column="proposed_image_id")},
    # What a master on its way says is not known yet.
    visible="""proposal.status = 'ready' AND NOT EXISTS (
        SELECT FROM assets AS newer
        WHERE newer.asset_id = proposal.asset_id AND newer.status = 'ready' AND newer.revision > proposal.revision
    ) AND (:is_admin OR EXISTS (
        SELECT FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
        WHERE track.asset_id = proposal.asset_id AND artist.owner_id = :viewer_id
    ))""",
)
