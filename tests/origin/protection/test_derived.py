"""Derived keys: the same on every node, different for everything else, and as RFC 5869 says."""

import hashlib
import hmac
from uuid import UUID

import pytest

from origin.protection.derived import DerivedKeys, derived_key
from origin.protection.keys import Content, ContentKey, content_of
from origin.protection.scheme import Scheme

SECRET = bytes(range(32))
ASSET_ID = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01")


def content(**changes) -> Content:
    values = {
        "asset_id": ASSET_ID,
        "revision": 3,
        "scheme": Scheme.CBCS,
        "period_count": 2,
        "segments_per_period": 5,
        **changes,
    }
    return Content(**values)


def test_key_is_what_hkdf_gives() -> None:
    # RFC 5869, sections 2.2 and 2.3, by hand: two blocks of SHA-256, of which 48 bytes are used.
    extracted = hmac.digest(b"segue content keys 1", SECRET, hashlib.sha256)
    info = b"0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01/3/cbcs/1"
    first = hmac.digest(extracted, info + b"\x01", hashlib.sha256)
    expected = first + hmac.digest(extracted, first + info + b"\x02", hashlib.sha256)
    key = derived_key(SECRET, content(), 1)
    assert key.key + key.iv + key.key_id.bytes == expected[:48]


async def test_no_two_contents_share_a_key() -> None:
    others = [
        content(),
        content(revision=31),
        content(asset_id=UUID(int=1)),
        content(scheme=Scheme.CENC),
        content(scheme=Scheme.AES_128),
    ]
    keys = [key for each in others for key in (await DerivedKeys(SECRET).keyring(each)).keys]
    keys += (await DerivedKeys(bytes(32)).keyring(content())).keys
    assert len({key.key for key in keys}) == len({key.key_id for key in keys}) == len({key.iv for key in keys}) == 12


async def test_length_of_the_track_does_not_change_its_keys() -> None:
    provider = DerivedKeys(SECRET)
    short, long = (await provider.keyring(content(period_count=1)), await provider.keyring(content(period_count=9)))
    assert long.keys[0] == short.keys[0]


def test_secret_has_to_be_long_enough() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        DerivedKeys(bytes(31))


def test_key_hides_in_repr() -> None:
    key = ContentKey(key_id=ASSET_ID, key=bytes(16), iv=bytes(16))
    assert repr(key) == "ContentKey(0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01)"


@pytest.mark.parametrize(("key", "iv"), [(bytes(15), bytes(16)), (bytes(16), bytes(8))])
def test_key_of_another_length_is_none(key, iv) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        ContentKey(key_id=ASSET_ID, key=key, iv=iv)


@pytest.mark.parametrize(
    ("per_period", "periods"),
    [
        pytest.param(None, 1, id="one for all"),
        pytest.param(7, 1, id="just long enough"),
        pytest.param(6, 2, id="the longest rendition counts"),
        pytest.param(1, 7, id="one a segment"),
        pytest.param(225, 1, id="longer than the track"),
    ],
)
def test_as_many_periods_as_the_longest_rendition_needs(make_asset, make_rendition, per_period, periods) -> None:
    renditions = [make_rendition(f"aac-{count}", ticks=(1000,) * count) for count in (3, 7)]
    assert content_of(make_asset(*renditions), Scheme.CENC, per_period).period_count == periods
