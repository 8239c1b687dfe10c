import pytest

from edge.terms import NO_TERMS, Terms
from graph.errors import ProblemCode, Refused
from graph.playback.form import EVERYTHING, Protection, form_of
from origin.asset import Codec
from origin.protection.scheme import Scheme


def test_nothing_that_is_asked_for_is_everything() -> None:
    form = form_of(None, None, Protection.NONE)

    assert form == EVERYTHING
    assert form.terms == NO_TERMS
    assert (form.hls_name, form.dash_name, form.license_name) == ("master.m3u8", "manifest.mpd", None)


def test_what_is_asked_for_is_what_the_token_says() -> None:
    form = form_of([Codec.OPUS, Codec.AAC, Codec.AAC], 160_000, Protection.CBCS)

    assert form.terms == Terms(codecs=frozenset({"aac", "opus"}), max_bandwidth_bps=160_000, protection="protected")


@pytest.mark.parametrize(
    ("protection", "names"),
    [
        (Protection.AES_128, ("aes128/master.m3u8", None, None)),
        (Protection.CBCS, ("cbcs/master.m3u8", "cbcs/manifest.mpd", "license")),
        (Protection.CENC, ("cenc/master.m3u8", "cenc/manifest.mpd", "license")),
    ],
)
def test_each_scheme_has_its_files(protection: Protection, names: tuple[str, str | None, str | None]) -> None:
    form = form_of(None, None, protection)

    assert (form.hls_name, form.dash_name, form.license_name) == names


def test_every_scheme_of_the_origin_can_be_asked_for() -> None:
    schemes = {form_of(None, None, protection).scheme for protection in Protection}

    assert schemes == {None, *Scheme}


@pytest.mark.parametrize(
    ("codecs", "ceiling_bps", "field"),
    [([], None, "codecs"), (None, 0, "maxBandwidthBps"), (None, -1, "maxBandwidthBps")],
)
def test_refuses_what_nothing_could_keep_to(codecs: list[Codec] | None, ceiling_bps: int | None, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        form_of(codecs, ceiling_bps, Protection.NONE)

    assert [(problem.code, problem.field) for problem in refusal.value.problems] == [
        (ProblemCode.INVALID_VALUE, (field,))
    ]
