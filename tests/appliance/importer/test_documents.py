"""The real schema judges what the importer and the player ask, so the fakes cannot drift away from it."""

import pytest
from graphql import build_schema, parse, validate

from appliance import albums, listening
from appliance.importer import artwork, catalogue, description, passage, session, shipment
from graph.schema import schema

DOCUMENTS = {
    f"{module.__name__.partition('.')[2]}.{name}": text
    for module in (artwork, catalogue, description, passage, session, shipment, listening, albums)
    for name, text in vars(module).items()
    if isinstance(text, str)
    and not name.startswith("_")
    and text.lstrip().startswith(("query", "mutation", "subscription"))
}


def test_knows_every_document() -> None:
    assert sorted(DOCUMENTS) == [
        "albums.ALBUM",
        "albums.SEARCH_ALBUMS",
        "albums.START_ALBUM",
        "importer.artwork.PROPOSALS",
        "importer.artwork.SET_ARTWORK",
        "importer.catalogue.ALBUMS",
        "importer.catalogue.CREATE_ALBUM",
        "importer.catalogue.CREATE_ARTIST",
        "importer.catalogue.CREATE_TRACK",
        "importer.catalogue.TRACKS_OF_ALBUM",
        "importer.catalogue.TRACKS_OF_ARTIST",
        "importer.description.PROPOSALS",
        "importer.description.UPDATE_ALBUM",
        "importer.description.UPDATE_TRACK",
        "importer.passage.FIND_AUDIO",
        "importer.passage.FIND_CONTENT",
        "importer.passage.FOLLOW",
        "importer.session.WHO_AM_I",
        "importer.shipment.ABORT_UPLOAD",
        "importer.shipment.COMPLETE_UPLOAD",
        "importer.shipment.CREATE_UPLOAD",
        "listening.SEARCH",
        "listening.START_PLAYBACK",
        "listening.START_WHOLE",
        "listening.TRACK",
    ]


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_is_valid_against_the_schema(name: str) -> None:
    assert validate(build_schema(schema().as_str()), parse(DOCUMENTS[name])) == []
