"""The join of two tracks as Chromium plays it: what decision 0079 promises of each player, to the sample.

All players play at the same time in one browser, and everything is loaded before anything is played. A machine without
a free core may still run dry; then those that were disturbed play again, and are skipped if that never ends. That no
player waits without a cause is `test_players`'s matter.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from origin.asset import Codec, Rendition
from tests.e2e.players.gapless import BLOCK, FOLDER, Case, Heard, listen, present, recording, stereo

HLS, DASH, FIGURES = "master.m3u8", "manifest.mpd", "figures.json"
EXACT = [
    Case(Codec.FLAC, "hls.js", HLS),
    Case(Codec.FLAC, "shaka", HLS),
    Case(Codec.FLAC, "dash.js", DASH),
    Case(Codec.AAC, "append windows", FIGURES),
    Case(Codec.OPUS, "append windows", FIGURES),
]
OVERLAPPING = [Case(Codec.AAC, "shaka", HLS), Case(Codec.OPUS, "shaka", HLS), Case(Codec.AAC, "dash.js", DASH)]
PAUSING = Case(Codec.AAC, "hls.js", HLS)
CASES = [*EXACT, *OVERLAPPING, PAUSING]
ATTEMPTS = 4

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on the PATH (Debian's package chromium)"),
    pytest.mark.skipif(shutil.which("node") is None, reason="no node on the PATH (Debian's package nodejs)"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules").is_dir(), reason="the players are not installed (npm ci in tests/e2e/players)"
    ),
]


def name(case: Case) -> str:
    return f"{case.player}, {case.name}, {case.codec.value}"


class Joins:
    """What was heard of every case, and what the first half of each codec is made of."""

    def __init__(self, folder: Path) -> None:
        pcm = recording()
        self.halves: dict[Codec, Rendition] = {}
        for codec in Codec.AAC, Codec.OPUS, Codec.FLAC:
            self.halves[codec] = present(codec, stereo(pcm), folder / codec.value)[0].renditions[0]
        self.heard: dict[Case, Heard] = {}
        for _ in range(ATTEMPTS):
            try:
                self.heard |= listen([case for case in CASES if not self._is_as_promised(case)], pcm, folder)
            except subprocess.SubprocessError:  # something was not loaded, or did not end, within a minute
                continue
            if all(map(self._is_as_promised, CASES)):
                break

    def of(self, case: Case) -> Heard:
        """What was heard without a wait. A machine that never came to play it in real time has measured nothing."""
        heard = self.heard.get(case)
        if heard is None or heard.waits:
            pytest.skip(f"this machine was too busy to play {name(case)} in real time, {ATTEMPTS} times over")
        return heard

    def most(self, case: Case) -> tuple[int, int]:
        """How many samples may be put in at the join, and how many around it may be others than the recording's."""
        half = self.halves[case.codec]
        if case in EXACT:
            return 0, 0
        if case in OVERLAPPING:
            return 0, half.priming_samples + 2 * BLOCK
        beside = half.padding_samples + half.priming_samples
        return beside, beside + 2 * BLOCK

    def _is_as_promised(self, case: Case) -> bool:
        heard = self.heard.get(case)
        if heard is None or (heard.waits, heard.errors, heard.elsewhere) != (0, (), ()):
            return False
        gap, foreign = self.most(case)
        return 0 <= heard.gap <= gap and heard.foreign <= foreign


@pytest.fixture(scope="module")
def joins(tmp_path_factory: pytest.TempPathFactory) -> Joins:
    return Joins(tmp_path_factory.mktemp("joins"))


@pytest.mark.parametrize("case", CASES, ids=name)
def test_nothing_is_lost_or_put_in_within_a_track(joins: Joins, case: Case) -> None:
    heard = joins.of(case)
    assert (heard.elsewhere, heard.errors) == ((), ())


@pytest.mark.parametrize("case", EXACT, ids=name)
def test_join_is_exact(joins: Joins, case: Case) -> None:
    assert (joins.of(case).gap, joins.of(case).foreign) == joins.most(case) == (0, 0)


@pytest.mark.parametrize("case", OVERLAPPING, ids=name)
def test_priming_of_the_second_track_is_heard_in_place_of_the_end_of_the_first(joins: Joins, case: Case) -> None:
    assert joins.of(case).gap == 0
    assert joins.of(case).foreign <= joins.most(case)[1]


def test_what_is_put_in_is_no_more_than_padding_and_priming(joins: Joins) -> None:
    assert 0 <= joins.of(PAUSING).gap <= joins.most(PAUSING)[0]
