from datetime import datetime

from graph import ids
from graph.viewer import Role

START = """
mutation($track: ID!) {
  startPlayback(input: {trackId: $track}) {
    playback { id track { id title durationMs } hlsUrl dashUrl expiresAt } userErrors { field code }
  }
}
"""


async def test_start_playback(start_graph, api, add_user, add_track, settings) -> None:
    url = start_graph()
    artist, listener = await add_user(Role.ARTIST), await add_user(Role.LISTENER)
    ready = ids.encode("Track", await add_track(artist, ready=180_000))
    unready = ids.encode("Track", await add_track(artist))

    started = await api(url, listener).data(START, track=ready)
    assert started["userErrors"] == []
    playback = started["playback"]
    assert playback["track"] == {"id": ready, "title": "Tune", "durationMs": 180_000}
    assert playback["hlsUrl"].startswith(f"{settings.origin_url}/")
    assert playback["dashUrl"].startswith(f"{settings.origin_url}/")
    assert datetime.fromisoformat(playback["expiresAt"]).utcoffset() is not None

    assert await api(url, None).codes(START, track=ready) == ["UNAUTHENTICATED"]
    for track, code in ((unready, "NOT_PLAYABLE"), ("no id", "NOT_FOUND")):
        refused = await api(url, listener).data(START, track=track)
        assert refused == {"playback": None, "userErrors": [{"field": ["trackId"], "code": code}]}
