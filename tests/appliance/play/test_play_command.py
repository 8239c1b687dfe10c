import pytest
from click.testing import CliRunner

from appliance.cli import segue


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--protocol", "rtsp", "'rtsp' is not one of 'hls', 'dash', 'progressive'."),
        ("--quality", "flac", "--quality goes with --protocol progressive"),
        ("--cdn", "cloudfront", "'cloudfront' is not 'origin'."),
    ],
)
def test_says_which_choices_there_are(option: str, value: str, sentence: str) -> None:
    done = CliRunner().invoke(segue, ["play", "words", option, value])

    assert done.exit_code == 2
    assert sentence in done.output
