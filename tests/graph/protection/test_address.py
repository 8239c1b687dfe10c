from ipaddress import ip_address

import pytest

from graph.protection.address import HERE, UNKNOWN, Networks, client_address, household

PROXIES = Networks(("127.0.0.0/8", "::1/128", "10.0.0.0/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        pytest.param("203.0.113.7", "", "203.0.113.7", id="nobody in between"),
        pytest.param("127.0.0.1", "", "127.0.0.1", id="this machine itself"),
        pytest.param("127.0.0.1", "203.0.113.7", "203.0.113.7", id="one proxy"),
        pytest.param("127.0.0.1", "203.0.113.7, 10.1.1.1", "203.0.113.7", id="two proxies"),
        pytest.param("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7", id="a sender who wrote the header first"),
        pytest.param("203.0.113.7", "198.51.100.1", "203.0.113.7", id="a sender who is no proxy"),
        pytest.param("127.0.0.1", "garbage", str(UNKNOWN), id="a header that is no address"),
        pytest.param("127.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7", id="a sender who claims to be this machine"),
        pytest.param("127.0.0.1", "203.0.113.7:4711", "203.0.113.7", id="a port behind the address"),
        pytest.param("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1", id="brackets and a port"),
        pytest.param("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7", id="a proxy of version 4 in version 6"),
        pytest.param(None, "", str(HERE), id="a socket file"),
        pytest.param("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2", id="nobody but proxies"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_is_the_senders(
    peer: str | None, forwarded_for: str, address: str
) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == ip_address(address)


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        pytest.param("203.0.113.7", "203.0.113.7", id="version 4"),
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", id="version 6"),
    ],
)
def test_one_connection_is_one_sender(address: str, shared: str) -> None:
    assert household(ip_address(address)) == shared
