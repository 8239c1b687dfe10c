"""What the fuzzed requests are made of, how they are changed, and how many of them there are."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st

from edge.terms import Terms
from edge.token import mint
from origin.protection.keys import ContentKey
from origin.running_order import Place
from tests.described import whole_file

SECRET = bytes(range(32))
KEYS = {"k1": SECRET}
NOW = 1_800_000_000
ASSETS = (UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01"), UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e02"))
"""The first one is the session's recording, and the second has the same bytes."""
REVISION = 3
ORDER = [Place(asset_id, REVISION) for asset_id in ASSETS]
IMAGE = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e03")
PICTURE = b"a picture"
WHOLE_BYTES = bytes(range(256)) * 4700
"""Longer than what is read of a file at once."""
WHOLE = whole_file("mp3-320.mp3", WHOLE_BYTES)
bounded = settings(max_examples=60)
KEY = ContentKey(key_id=UUID(int=7), key=bytes(16), iv=bytes(16))
KID = urlsafe_b64encode(KEY.key_id.bytes).rstrip(b"=").decode()
TERMS = (
    Terms(),
    Terms(protection="protected"),
    Terms(protection="any"),
    Terms(codecs=frozenset({"aac"}), max_bandwidth_bps=100_000),
)


def token(scope: str, terms: Terms) -> str:
    return mint(key_id="k1", secret=SECRET, directory=scope, expires_at_s=NOW + 1, terms=terms)


def changed(whole: bytes, pieces: list[bytes], separator: bytes = b".") -> st.SearchStrategy[bytes]:
    """Up to three changes of one field, or of one byte."""

    @st.composite
    def change(draw: Callable) -> bytes:
        data = whole
        for _ in range(draw(st.integers(0, 3))):
            fields = data.split(separator)
            at = draw(st.integers(0, len(fields) - 1))
            match draw(st.sampled_from(["replace", "insert", "drop", "double", "byte", "cut"])):
                case "replace":
                    fields[at] = draw(st.sampled_from(pieces))
                case "insert":
                    fields.insert(at, draw(st.sampled_from(pieces)))
                case "drop":
                    del fields[at]
                case "double":
                    fields.insert(at, fields[at])
                case "byte":
                    place = draw(st.integers(0, len(fields[at])))
                    fields[at] = fields[at][:place] + draw(st.binary(min_size=1, max_size=1)) + fields[at][place + 1 :]
                case "cut":
                    fields[at] = fields[at][: draw(st.integers(0, len(fields[at])))]
            data = separator.join(fields)
        return data

    return change()
