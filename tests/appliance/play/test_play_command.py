import pytest
from click.testing import CliRunner

from appliance.cli import segue


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--protocol", "progressive", "'progressive' is not one of 'hls', 'dash'."),
        ("--quality", "lossless", "'lossless' is not 'auto'."),
        ("--cdn", "cloudfront", "'cloudfront' is not 'origin'."),
    ],
)
def test_says_which_choices_there_are(option: str, value: str, sentence: str) -> None:
    done = CliRunner().invoke(segue, ["play", "words", option, value])

    assert done.exit_code == 2
    assert sentence in done.output
