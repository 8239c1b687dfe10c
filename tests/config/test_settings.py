import re
from operator import attrgetter

import msgspec
import pytest

from config.errors import InvalidSetting
from config.settings import EdgeKey, Secret, edge_keys, graph_settings, ingest_settings, origin_settings

HEX = "ab" * 32
COMPLETE = {
    "SEGUE_POSTGRES_URL": "postgresql://segue:pa55@db/segue",
    "SEGUE_VALKEY_URL": "valkey://:pa55@cache:6379",
    "SEGUE_S3_ENDPOINT": "https://s3.example.com/",
    "SEGUE_S3_ACCESS_KEY": "access",
    "SEGUE_S3_SECRET_KEY": "pa55",
    "SEGUE_ACCESS_TOKEN_KEY": "-----BEGIN PRIVATE KEY-----pa55",
    "SEGUE_EDGE_KEYS": f"k1:{HEX}",
    "SEGUE_CONTENT_KEY_SECRET": HEX,
    "SEGUE_SCRATCH": "/scratch",
}
BUILDERS = {"graph": graph_settings, "origin": origin_settings, "ingest": ingest_settings}
NEEDED = {
    "graph": {*COMPLETE} - {"SEGUE_SCRATCH", "SEGUE_CONTENT_KEY_SECRET"},
    "origin": {
        "SEGUE_S3_ENDPOINT",
        "SEGUE_S3_ACCESS_KEY",
        "SEGUE_S3_SECRET_KEY",
        "SEGUE_EDGE_KEYS",
        "SEGUE_CONTENT_KEY_SECRET",
    },
    "ingest": {*COMPLETE} - {"SEGUE_ACCESS_TOKEN_KEY", "SEGUE_EDGE_KEYS", "SEGUE_CONTENT_KEY_SECRET"},
}


@pytest.mark.parametrize("process", BUILDERS)
def test_process_needs_these_variables_and_no_other(process: str) -> None:
    BUILDERS[process]({name: COMPLETE[name] for name in NEEDED[process]})
    for missing in NEEDED[process]:
        with pytest.raises(InvalidSetting, match=rf"^{missing}: "):
            BUILDERS[process]({name: COMPLETE[name] for name in NEEDED[process] - {missing}})


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        pytest.param(
            "SEGUE_GRAPH_PORT", "http", "must be a whole number of at least 1, not 'http'", id="port of letters"
        ),
        pytest.param("SEGUE_GRAPH_PORT", "0", "must be a whole number of at least 1, not '0'", id="port 0"),
        pytest.param("SEGUE_GRAPH_PORT", "65536", "must be a port between 1 and 65535, not 65536", id="port too large"),
        pytest.param("SEGUE_GRAPH_PORT", "-1", "must be a whole number of at least 1, not '-1'", id="port below 0"),
        pytest.param("SEGUE_GRAPH_PORT", "٣", "must be a whole number of at least 1, not '٣'", id="digit of a script"),
        pytest.param("SEGUE_POSTGRES_POOL_MAX", "1.5", "must be a whole number of at least 1", id="half a connection"),
        pytest.param("SEGUE_POSTGRES_URL", "db:5432", "must be a URL with a scheme", id="address without a scheme"),
        pytest.param("SEGUE_ORIGIN_URL", "cdn.example.com", "must be a URL with a scheme", id="host for a URL"),
        pytest.param("SEGUE_EDGE_KEYS", ",", "needs at least one `id:hex` pair", id="no key"),
        pytest.param("SEGUE_EDGE_KEYS", "k1", "key 'k1' must be an alphanumeric id", id="key without a secret"),
        pytest.param("SEGUE_EDGE_KEYS", "k1:abcd", "64 or more hex digits", id="secret too short"),
        pytest.param("SEGUE_EDGE_KEYS", f"k-1:{HEX}", "key 'k-1' must be an alphanumeric id", id="id with a hyphen"),
        pytest.param("SEGUE_EDGE_KEYS", f"k1:{HEX[:-1]}x", "64 or more hex digits", id="secret not in hex"),
    ],
)
def test_malformed_value_is_told_with_its_variable(variable: str, value: str, told: str) -> None:
    with pytest.raises(InvalidSetting, match=rf"^{variable}: .*{re.escape(told)}"):
        graph_settings({**COMPLETE, variable: value})


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        pytest.param("SEGUE_AAC_CODER", "best", "must be one of twoloop, fast, not 'best'", id="unknown coder"),
        pytest.param("SEGUE_TARGET_LOUDNESS_LUFS", "loud", "must be a number, not 'loud'", id="loudness in words"),
        pytest.param("SEGUE_TARGET_LOUDNESS_LUFS", "nan", "must be a number, not 'nan'", id="loudness that is none"),
        pytest.param(
            "SEGUE_INGEST_HEARTBEAT_TIMEOUT_S", "0", "must be a number above 0, not '0'", id="no time to be silent in"
        ),
    ],
)
def test_malformed_ingest_value_is_told_with_its_variable(variable: str, value: str, told: str) -> None:
    with pytest.raises(InvalidSetting, match=rf"^{variable}: .*{re.escape(told)}"):
        ingest_settings({**COMPLETE, variable: value})


@pytest.mark.parametrize(
    "secret", [pytest.param(HEX[:-2], id="too short"), pytest.param(f"{HEX[:-1]}x", id="not in hex")]
)
def test_secret_of_content_keys_is_told_without_being_shown(secret: str) -> None:
    with pytest.raises(InvalidSetting, match=r"^SEGUE_CONTENT_KEY_SECRET: must be 64 or more hex digits$"):
        origin_settings({**COMPLETE, "SEGUE_CONTENT_KEY_SECRET": secret})


def test_key_server_takes_the_place_of_the_secret() -> None:
    asked = {**COMPLETE, "SEGUE_CONTENT_KEY_SECRET": "", "SEGUE_SPEKE_URL": "https://keys.example.com/speke/"}
    protection = origin_settings({**asked, "SEGUE_SPEKE_AUTHORIZATION": "Basic c2VndWU6cGE1NQ=="}).protection
    assert (protection.content_key_secret, protection.speke_url) == (None, "https://keys.example.com/speke")
    assert protection.speke_authorization.reveal() == "Basic c2VndWU6cGE1NQ=="
    assert "c2VndWU6cGE1NQ" not in repr(protection)


def test_one_key_serves_a_whole_track_when_periods_have_no_length() -> None:
    assert origin_settings(COMPLETE).protection.segments_per_period == 225
    unlimited = {**COMPLETE, "SEGUE_CRYPTO_PERIOD_SEGMENTS": "0"}
    assert origin_settings(unlimited).protection.segments_per_period is None


def test_replica_is_like_the_primary_where_nothing_else_is_said() -> None:
    assert origin_settings(COMPLETE).reads.replica is None
    copied = {**COMPLETE, "SEGUE_S3_REPLICA_ENDPOINT": "https://s3.eu.example.com/"}
    primary, replica = origin_settings(copied).s3, origin_settings(copied).reads.replica
    assert replica == msgspec.structs.replace(
        primary, endpoint="https://s3.eu.example.com", public_endpoint="https://s3.eu.example.com"
    )
    names = {"REGION": "eu-west-1", "BUCKET": "copy", "ACCESS_KEY": "reader", "SECRET_KEY": "pa55-too"}
    own = origin_settings({**copied, **{f"SEGUE_S3_REPLICA_{name}": value for name, value in names.items()}})
    assert own.reads.replica == msgspec.structs.replace(
        replica, region="eu-west-1", bucket="copy", access_key="reader", secret_key=Secret("pa55-too")
    )


def test_complaint_about_a_key_does_not_show_it() -> None:
    with pytest.raises(InvalidSetting) as caught:
        edge_keys({"SEGUE_EDGE_KEYS": "k1:5ec4e7"})
    assert "5ec4e7" not in str(caught.value)


def test_secrets_hide_in_the_repr_of_every_record() -> None:
    for build in BUILDERS.values():
        shown = repr(build(COMPLETE))
        assert "pa55" not in shown
        assert HEX not in shown


def test_secret_shows_itself_when_asked() -> None:
    assert Secret("pa55").reveal() == "pa55"
    assert f"{Secret('pa55')} {Secret('pa55')!r}" == "Secret(...) Secret(...)"
    assert {Secret("a"), Secret("a"), Secret("b")} == {Secret("b"), Secret("a")}


def test_first_key_is_the_minting_one_and_order_stays() -> None:
    keys = edge_keys({"SEGUE_EDGE_KEYS": f" new:{HEX} , old:{'cd' * 32}"})
    assert keys == (EdgeKey(key_id="new", secret=Secret(HEX)), EdgeKey(key_id="old", secret=Secret("cd" * 32)))


def test_empty_variable_counts_as_not_set() -> None:
    assert graph_settings({**COMPLETE, "SEGUE_GRAPH_PORT": " "}).port == 8000


LANDS = {
    "SEGUE_ACCESS_TOKEN_LIFETIME_S": "tokens.access_lifetime_s",
    "SEGUE_REFRESH_TOKEN_LIFETIME_S": "tokens.refresh_lifetime_s",
    "SEGUE_PLAYBACK_LIFETIME_S": "media.playback_lifetime_s",
    "SEGUE_REMOVAL_DELAY_S": "media.removal_delay_s",
    "SEGUE_MAX_UPLOAD_BYTES": "uploads.max_bytes",
    "SEGUE_UPLOAD_LIFETIME_S": "uploads.lifetime_s",
    "SEGUE_MULTIPART_FROM_BYTES": "uploads.multipart_from_bytes",
    "SEGUE_UPLOAD_PART_BYTES": "uploads.part_bytes",
    "SEGUE_STREAMED_UPLOADS_MAX": "uploads.streamed_max",
    "SEGUE_PLAY_HISTORY_MONTHS": "play_history_months",
}


@pytest.mark.parametrize(("variable", "place"), LANDS.items(), ids=LANDS)
def test_number_lands_where_its_name_says(variable: str, place: str) -> None:
    settings = graph_settings({**COMPLETE, variable: "7654321"})
    assert attrgetter(place)(settings) == 7_654_321
    others = [attrgetter(other)(settings) for other in LANDS.values() if other != place]
    assert 7_654_321 not in others


def test_uploading_clients_reach_the_store_at_its_endpoint_unless_told_otherwise() -> None:
    assert graph_settings(COMPLETE).s3.public_endpoint == "https://s3.example.com"
    public = {**COMPLETE, "SEGUE_S3_PUBLIC_ENDPOINT": "https://up.example.com"}
    assert graph_settings(public).s3.public_endpoint == "https://up.example.com"


def test_origin_is_next_door_unless_told_otherwise() -> None:
    assert graph_settings({**COMPLETE, "SEGUE_ORIGIN_PORT": "8081"}).media.origin_url == "http://127.0.0.1:8081"
    cdn = {**COMPLETE, "SEGUE_ORIGIN_URL": "https://cdn.example.com/"}
    assert graph_settings(cdn).media.origin_url == "https://cdn.example.com"
