import pytest
from click.testing import CliRunner

from appliance.cli import segue


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--protection", "drm", "'drm' is not one of 'none', 'aes-128', 'cbcs', 'cenc'."),
        ("--album", "Rivers", "Name a track, or an album by --album, and not both."),
        ("--protocol", "rtsp", "'rtsp' is not one of 'hls', 'dash', 'progressive'."),
        ("--quality", "flac", "--quality goes with --protocol progressive"),
        ("--cdn", "cloudfront", "'cloudfront' is not 'origin'."),
    ],
)
def test_says_which_choices_there_are(option: str, value: str, sentence: str) -> None:
    done = CliRunner().invoke(segue, ["play", "words", option, value])

    assert done.exit_code == 2
    assert sentence in done.output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--protocol", "progressive", "--protection", "cbcs"), "Whole files are not protected"),
        (("--protocol", "dash", "--protection", "aes-128"), "DASH has no aes-128"),
        (("--protocol", "progressive", "--album", "Rivers"), "--album is one stream of all tracks"),
    ],
)
def test_says_which_options_exclude_each_other(options: tuple[str, ...], sentence: str) -> None:
    done = CliRunner().invoke(segue, ["play", *options])

    assert done.exit_code == 2
    assert sentence in done.output
