import pytest

from config.errors import InvalidSetting
from config.settings import TelemetrySettings, telemetry_settings


def test_nothing_is_told_unless_an_address_is_set() -> None:
    assert telemetry_settings({}) == TelemetrySettings(
        metrics_host="127.0.0.1", metrics_port=None, collector_url="", traced_share=1.0, slow_operation_s=1.0
    )


def test_reads_what_is_set() -> None:
    read = telemetry_settings(
        {
            "SEGUE_METRICS_PORT": "9464",
            "SEGUE_METRICS_HOST": "10.0.0.7",
            "SEGUE_OTLP_URL": "http://collector.example:4318/",
            "SEGUE_TRACED_SHARE": "0.25",
            "SEGUE_SLOW_OPERATION_MS": "0",
        }
    )
    assert (read.metrics_host, read.metrics_port) == ("10.0.0.7", 9464)
    assert (read.collector_url, read.traced_share) == ("http://collector.example:4318", 0.25)
    assert read.slow_operation_s == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEGUE_METRICS_PORT", "65536"),
        ("SEGUE_OTLP_URL", "collector.example"),
        ("SEGUE_TRACED_SHARE", "1.5"),
        ("SEGUE_TRACED_SHARE", "0"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        telemetry_settings({name: value})
