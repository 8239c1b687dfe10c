import pytest

from config.errors import InvalidSetting
from config.settings import DocumentSettings, request_settings


def test_without_variables_the_limits_are_those_of_the_page() -> None:
    settings = request_settings({})
    assert settings.documents == DocumentSettings()
    assert settings.documents.introspection
    assert not settings.only_trusted
    assert settings.request_error_status == 400
    assert settings.trusted_proxies == settings.rates.unlimited == ("127.0.0.0/8", "::1/128")


def test_no_network_can_be_named_too() -> None:
    settings = request_settings({"SEGUE_TRUSTED_PROXIES": "none", "SEGUE_UNLIMITED_ADDRESSES": "10.0.0.0/8, ::/0"})
    assert (settings.trusted_proxies, settings.rates.unlimited) == ((), ("10.0.0.0/8", "::/0"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("SEGUE_TRUSTED_PROXIES", "10.0.0.1/8", id="a network with the bits of a host"),
        pytest.param("SEGUE_UNLIMITED_ADDRESSES", "everybody", id="a word"),
        pytest.param("SEGUE_DOCUMENTS", "some", id="a mode that there is not"),
        pytest.param("SEGUE_REQUEST_ERROR_STATUS", "500", id="a status that blames us"),
        pytest.param("SEGUE_RATE_QUERIES", "-1", id="a rate below zero"),
        pytest.param("SEGUE_OPERATION_TIMEOUT_S", "0", id="no time at all"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        request_settings({name: value})
