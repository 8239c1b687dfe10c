"""The way of a client through a real process: announce, send, complete, follow the progress."""

import hashlib

import pytest

from graph import ids
from graph.viewer import Role
from ingest.contract import Progress, Stage, Status, encode_progress, progress_channel

MASTER = b"RIFF" + bytes(range(256)) * 40
CREATE = """
mutation($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload { id method url headers { name value } expiresAt } userErrors { field code message }
  }
}
"""
COMPLETE = """
mutation($id: ID!) {
  completeUpload(input: {uploadId: $id}) { track { id ingest { status } } userErrors { field code } }
}
"""
MINE = "query($sha256: String!) { viewer { upload(sha256: $sha256) { id } } }"
PROGRESS = "subscription($track: ID!) { ingestProgress(trackId: $track) { status stage fraction failure { code } } }"


@pytest.fixture
async def artist(add_user):
    return await add_user(Role.ARTIST)


@pytest.fixture
async def track(add_track, artist):
    return ids.encode("Track", await add_track(artist))


@pytest.fixture
def url(start_graph):
    return start_graph()


@pytest.fixture
def client(api, url, artist):
    return api(url, artist)


def announcement(track: str, **changed: object) -> dict[str, object]:
    return {
        "trackId": track,
        "fileName": "tune.wav",
        "contentType": "audio/wav",
        "sizeBytes": len(MASTER),
        "sha256": hashlib.sha256(MASTER).hexdigest(),
        **changed,
    }


async def test_client_announces_sends_completes_and_follows(client, track, pool, valkey) -> None:
    created = await client.data(CREATE, input=announcement(track))
    assert created["userErrors"] == []
    upload = created["upload"]
    headers = {header["name"]: header["value"] for header in upload["headers"]}

    early = await client.data(COMPLETE, id=upload["id"])
    assert early == {"track": None, "userErrors": [{"field": ["uploadId"], "code": "UPLOAD_MISSING"}]}

    async with client.http.request(upload["method"], upload["url"], data=MASTER, headers=headers) as stored:
        assert stored.status == 200
    kept = {"track": {"id": track, "ingest": {"status": "QUEUED"}}, "userErrors": []}
    assert await client.data(COMPLETE, id=upload["id"]) == kept
    assert await client.data(COMPLETE, id=upload["id"]) == kept
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer") == 1
    sha256 = hashlib.sha256(MASTER).hexdigest()
    assert await client.data(MINE, sha256=sha256) == {"upload": {"id": track}}

    asset = await pool.fetchval("SELECT asset_id FROM assets")
    async with client.watching(PROGRESS, track=track) as seen:
        assert await seen.next() == {"status": "QUEUED", "stage": "QUEUED", "fraction": 0, "failure": None}
        for status, stage, fraction in (
            (Status.PROCESSING, Stage.ENCODE, 0.5),
            (Status.READY, Stage.DONE, 1.0),
        ):
            event = Progress(asset_id=asset, revision=1, status=status, stage=stage, fraction=fraction)
            await valkey.publish(progress_channel(asset), encode_progress(event))
            assert await seen.next() == {
                "status": status.name,
                "stage": stage.name,
                "fraction": fraction,
                "failure": None,
            }
        with pytest.raises(Exception, match="complete"):
            await seen.next()


async def test_refusals_change_nothing(url, client, track, api, add_user, *, pool) -> None:
    listener, other = await add_user(Role.LISTENER), await add_user(Role.ARTIST)
    assert await api(url, None).codes(CREATE, input=announcement(track)) == ["UNAUTHENTICATED"]
    assert await api(url, listener).codes(CREATE, input=announcement(track)) == ["FORBIDDEN"]
    assert await api(url, listener).codes(CREATE, input=announcement("no id")) == ["FORBIDDEN"]
    assert await api(url, other).codes(CREATE, input=announcement(track)) == ["FORBIDDEN"]
    for changed, field, code in (
        ({"trackId": "no id"}, "trackId", "NOT_FOUND"),
        ({"sizeBytes": 2**40}, "sizeBytes", "TOO_LARGE"),
        ({"sha256": "00"}, "sha256", "INVALID_VALUE"),
    ):
        refused = await client.data(CREATE, input=announcement(track, **changed))
        assert refused["upload"] is None
        assert [(error["field"], error["code"]) for error in refused["userErrors"]] == [([field], code)]
    assert await client.codes(CREATE, input=announcement(track, sizeBytes=1.5)) == ["BAD_REQUEST"]
    assert await pool.fetchval("SELECT count(*) FROM uploads") == 0

    for outsider, code in ((listener, "FORBIDDEN"), (None, "UNAUTHENTICATED")):
        async with api(url, outsider).watching(PROGRESS, track=track) as seen:
            with pytest.raises(Exception, match=code):
                await seen.next()
