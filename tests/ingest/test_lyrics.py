import pytest

from ingest.contract import LyricLine
from ingest.lyrics import MAX_LINE_LENGTH, MAX_LINES, read


def lines(*pairs: tuple[int, str]) -> tuple[LyricLine, ...]:
    return tuple(LyricLine(start_ms=start, text=text) for start, text in pairs)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("[00:01.50]One\n[01:02.05]Two", lines((1500, "One"), (62_050, "Two")), id="hundredths"),
        pytest.param("[00:01.005]One\n[00:02]Two", lines((1005, "One"), (2000, "Two")), id="thousandths and none"),
        pytest.param("[00:01:50]One", lines((1500, "One")), id="a colon before the hundredths"),
        pytest.param("[00:09.00][00:03.00]Again", lines((3000, "Again"), (9000, "Again")), id="a line sung twice"),
        pytest.param("[offset:+500]\n[00:02.00]Soon", lines((1500, "Soon")), id="an offset"),
        pytest.param("[offset:9000]\n[00:02.00]Soon", lines((0, "Soon")), id="an offset beyond the start"),
        pytest.param("[ar:Ada]\n[ti:A Song]\n[00:01.00]One", lines((1000, "One")), id="header fields"),
        pytest.param("[00:01.00]<00:01.00>One <00:01.40>two", lines((1000, "One two")), id="times of words"),
        pytest.param("[00:05.00]\n[00:04.00]One", lines((4000, "One"), (5000, "")), id="a pause, and another order"),
        pytest.param("One\nTwo [00:03.00]", (), id="no times"),
        pytest.param("[99999:00.00]One\n[00:75.00]Two", (), id="times that are none"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_reads_times(text: str, wanted: tuple[LyricLine, ...]) -> None:
    assert read(text) == wanted


def test_lines_and_their_length_are_bounded() -> None:
    found = read("\n".join(f"[00:01.00]{'a' * 1000}" for _ in range(MAX_LINES + 10)))
    assert len(found) == MAX_LINES
    assert {len(line.text) for line in found} == {MAX_LINE_LENGTH}
    assert len(read("[00:01.00]" * (MAX_LINES * 3) + "x")) == MAX_LINES
