"""One listener as the services see it: signs up, searches by title, starts a track and pulls it at the pace of playing.

Every request has a name without ids and tokens, so that the statistics have one line for each kind. A request fails
when its status is wrong, when its body is shorter or longer than it said, when GraphQL answers with errors, or when a
playlist is none.

Not here: reading playlists (`loadtests.hls`), what a wrong answer is (`loadtests.checks`), options
(`loadtests/locustfile.py`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urljoin
from uuid import uuid4

import gevent
from locust import FastHttpUser, between, task
from locust.exception import RescheduleTask

from loadtests import hls
from loadtests.checks import wrong_answer, wrong_body

T = TypeVar("T")

REPORT_EVERY_S = 10.0
"""Players have to report at least every 30 s."""

SIGN_IN_EVERY_S = 300.0
"""Access tokens live for ten minutes; half of it is as long as a short track may take on top."""

SIGN_UP = """
mutation($email: String!, $password: String!) {
  signUp(input: {email: $email, password: $password, displayName: "Load test"}) { userErrors { message } }
}
"""
SIGN_IN = """
mutation($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { session { accessToken } userErrors { message } }
}
"""
SEARCH = """
query($words: String!) {
  search(query: $words, kinds: [TRACK], first: 20) { edges { node { ... on Track { id title durationMs } } } }
}
"""
START = """
mutation($track: ID!) {
  startPlayback(input: {trackId: $track}) { playback { hlsUrl } userErrors { message } }
}
"""
REPORT = """
mutation($track: ID!, $state: PlayState!, $position: Int!) {
  reportPlayback(input: {trackId: $track, state: $state, positionMs: $position}) { userErrors { message } }
}
"""


class Refused(RescheduleTask):
    """An answer was not what it should be; it is counted, and the listener starts over."""


class Listener(FastHttpUser):
    """Plays one track after another."""

    host = "http://127.0.0.1:8000"
    wait_time = between(0.5, 3)

    def on_start(self) -> None:
        """Choose an account of its own, which is made with the first track."""
        self._email = f"load-{uuid4().hex}@load.example"
        self._password = uuid4().hex
        self._token = ""
        self._has_account = False
        self._sign_in_at_s = 0.0

    @task
    def play_a_track(self) -> None:
        """From the search to the last segment."""
        if not self._has_account:
            self._ask("signUp", SIGN_UP, email=self._email, password=self._password)
            self._has_account = True
        if time.monotonic() >= self._sign_in_at_s:
            self._sign_in()
        track = self._find(random.choice(self._options.titles.split(",")))  # noqa: S311 -- spreads load, hides nothing
        started = self._ask("startPlayback", START, track=track)
        self._play(track, started["playback"]["hlsUrl"])

    def _sign_in(self) -> None:
        answer = self._ask("signIn", SIGN_IN, email=self._email, password=self._password)
        self._token = answer["session"]["accessToken"]
        self._sign_in_at_s = time.monotonic() + SIGN_IN_EVERY_S

    def _find(self, words: str) -> str:
        edges = self._ask("search", SEARCH, words=words.strip())["edges"]
        if not edges:
            self._count_failure("search", f"nothing is called {words!r}; name titles with --titles")
        track: str = random.choice(edges)["node"]["id"]  # noqa: S311 -- spreads load, hides nothing
        return track

    def _play(self, track: str, master_url: str) -> None:
        choices = self._fetch(master_url, "master playlist", read=hls.variants)
        playlist_url = urljoin(master_url, hls.affordable(choices, self._options.bandwidth).uri)
        playlist = self._fetch(playlist_url, "media playlist", read=hls.media_playlist)
        self._fetch(urljoin(playlist_url, playlist.header_uri), "header", read=bytes)
        played_s, reported_s = 0.0, -REPORT_EVERY_S
        for segment in playlist.segments:
            self._fetch(urljoin(playlist_url, segment.uri), "segment", read=bytes)
            if played_s - reported_s >= REPORT_EVERY_S:
                self._report(track, "PLAYING", played_s)
                reported_s = played_s
            gevent.sleep(segment.duration_s / self._options.speed)
            played_s += segment.duration_s
        self._report(track, "STOPPED", played_s)

    def _report(self, track: str, state: str, position_s: float) -> None:
        self._ask("reportPlayback", REPORT, track=track, state=state, position=round(position_s * 1000))

    def _fetch(self, url: str, kind: str, *, read: Callable[[bytes], T]) -> T:
        """GET one file of the origin and read it. Raises Refused."""
        with self.client.get(url, name=f"origin: {kind}", catch_response=True) as response:
            problem = wrong_body(response.status_code, response.headers, response.content)
            if problem is None:
                try:
                    return read(response.content)
                except hls.NotAPlaylist as error:
                    problem = str(error)
            response.failure(problem)
            raise Refused(problem)

    def _ask(self, field: str, document: str, **variables: Any) -> dict[str, Any]:
        """Send one operation and answer its only field. Raises Refused."""
        with self.client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"authorization": f"Bearer {self._token}"} if self._token else {},
            name=f"graphql: {field}",
            catch_response=True,
        ) as response:
            problem = wrong_body(response.status_code, response.headers, response.content)
            body = response.json() if problem is None else {}
            problem = problem or wrong_answer(body, field)
            if problem is not None:
                response.failure(problem)
                raise Refused(problem)
            answer: dict[str, Any] = body["data"][field]
            return answer

    def _count_failure(self, name: str, problem: str) -> None:
        refusal = Refused(problem)
        self.environment.events.request.fire(
            request_type="CHECK", name=name, response_time=0, response_length=0, exception=refusal, context={}
        )
        raise refusal

    @property
    def _options(self) -> Any:
        return self.environment.parsed_options
