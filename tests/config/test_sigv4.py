"""Signatures beside those of botocore, which AWS writes itself."""

from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials

from config.sigv4 import EMPTY_SHA256, Credentials, object_path, ranged_get

MOMENT = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
OURS = Credentials(access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", region="eu-west-1")


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [
        pytest.param("http://127.0.0.1:9000", "assets/0192f3a0/3/aac-96.mp4", id="a port of its own"),
        pytest.param("https://s3.eu-west-1.amazonaws.com", "assets/0192f3a0/3/flac.mp4", id="the usual port"),
        pytest.param("https://s3.example", "a b/ä+~%.mp4", id="a key with characters to escape"),
    ],
)
def test_signs_as_the_vendors_library_does(monkeypatch, endpoint, key) -> None:
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: MOMENT)
    path = object_path("segue", key)
    host = endpoint.split("//")[1]
    ours = ranged_get(OURS, host=host, path=path, start=700, length=4242, now_s=MOMENT.timestamp())
    request = AWSRequest("GET", endpoint + path, headers={"Range": "bytes=700-4941"})
    their = S3SigV4Auth(TheirCredentials(OURS.access_key, OURS.secret_key), "s3", OURS.region)
    request.context["payload_signing_enabled"] = True
    their.add_auth(request)
    assert request.headers["X-Amz-Date"] == ours["x-amz-date"] == "20261121T235959Z"
    assert request.headers["X-Amz-Content-SHA256"] == EMPTY_SHA256
    assert request.headers["Authorization"] == ours["authorization"]


def test_shows_no_secret() -> None:
    assert OURS.secret_key not in repr(OURS)
