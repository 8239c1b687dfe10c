"""What the master of a track proposes: its tags and its picture."""

import msgspec

from graph import ids
from graph.profiles.service import hand_over
from graph.viewer import Role
from ingest.contract import Tags
from tests.graph.images.gallery import SET

PROPOSAL = """
query($id: ID!) { track(id: $id) { proposal {
  tags { title artists date isrc musicbrainzRecordingId syncedLyrics { startMs text } } image { id status }
} } }
"""


async def test_proposal_is_for_those_who_manage_the_track(ask, gallery, artist, add_user, pool) -> None:
    _, _, (track,) = await gallery.album()
    image = await gallery.image("failed")
    tags = Tags(title="River", artists=("Ada",), date="2024", isrc="GBAYE6900531")
    await pool.execute(
        "UPDATE assets SET proposed_tags = $1, proposed_image_id = $2",
        msgspec.json.encode(tags).decode(),
        ids.require("Image", image, field=""),
    )
    wanted = {
        "tags": {
            "title": "River",
            "artists": ["Ada"],
            "date": "2024",
            "isrc": "GBAYE6900531",
            "musicbrainzRecordingId": None,
            "syncedLyrics": [],
        },
        "image": {"id": image, "status": "FAILED"},
    }
    for manager in (artist, await add_user(Role.ADMIN)):
        assert await ask.data(PROPOSAL, manager, id=track) == {"proposal": wanted}
    for stranger in (None, await add_user(Role.ARTIST)):
        assert await ask.data(PROPOSAL, stranger, id=track) == {"proposal": None}


UPDATE_TRACK = """
mutation($in: UpdateTrackInput!) { updateTrack(input: $in) { track { title isrc trackNumber } userErrors { code } } }
"""


async def test_artist_takes_over_what_is_proposed(ask, gallery, artist, pool) -> None:
    _, _, (track,) = await gallery.album()
    image = await gallery.image()
    tags = Tags(title="River", isrc="GBAYE6900531", track_number=7)
    await pool.execute(
        "UPDATE assets SET proposed_tags = $1, proposed_image_id = $2",
        msgspec.json.encode(tags).decode(),
        ids.require("Image", image, field=""),
    )
    untouched = "query($id: ID!) { track(id: $id) { title isrc trackNumber image { id } } }"
    assert await ask.data(untouched, None, id=track) == {
        "title": "Tune",
        "isrc": None,
        "trackNumber": None,
        "image": None,
    }
    proposed = await ask.data(
        "query($id: ID!) { track(id: $id) { proposal { tags { title isrc trackNumber } image { id } } } }",
        artist,
        id=track,
    )
    found = proposed["proposal"]
    await ask.data(UPDATE_TRACK, artist, **{"in": {"trackId": track, **found["tags"]}})
    await ask.data(SET, artist, subject=track, image=found["image"]["id"])
    assert await ask.data(untouched, None, id=track) == {
        "title": "River",
        "isrc": "GBAYE6900531",
        "trackNumber": 7,
        "image": {"id": image},
    }


async def test_who_an_artist_is_handed_over_to_takes_over_the_picture_that_its_master_proposes(
    ask, gallery, artist, add_user, pool
) -> None:
    performer, album, (track,) = await gallery.album()
    proposed, other = await gallery.image(), await gallery.image()
    await pool.execute("UPDATE assets SET proposed_image_id = $1", ids.require("Image", proposed, field=""))
    label = await add_user(Role.LABEL)
    await hand_over(pool, artist, artist_id=ids.require("Artist", performer, field=""), account_id=label.user_id)
    for subject in (track, album):
        taken = await ask.data(SET, label, subject=subject, image=proposed)
        assert taken == {"subject": {"id": subject, "image": {"id": proposed}}, "userErrors": []}
    refused = await ask.data(SET, label, subject=track, image=other)
    assert refused == {"subject": None, "userErrors": [{"field": ["imageId"], "code": "NOT_FOUND"}]}


async def test_master_without_tags_proposes_nothing(ask, gallery, artist) -> None:
    _, _, (track,) = await gallery.album()
    assert await ask.data(PROPOSAL, artist, id=track) == {"proposal": {"tags": None, "image": None}}
