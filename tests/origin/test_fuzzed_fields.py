"""One field of a request at a time: a value or an error of ours, and nothing else."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from edge.errors import TokenRejected
from edge.token import verify
from origin.encodings import Coding, negotiated
from origin.errors import MalformedLicenseRequest, MalformedQuery, Refused
from origin.layout import asset_directory
from origin.protection.clear_key import license_for
from origin.running_order import read, spell
from origin.selection import of_query
from tests.origin.fuzzing import (
    ASSETS,
    KEY,
    KEYS,
    KID,
    NOW,
    ORDER,
    TERMS,
    bounded,
    changed,
    token,
)


@bounded
@given(
    st.lists(
        st.builds(
            lambda name, rest: f"{name}{rest}",
            st.sampled_from(["gzip", "br", "GZip", "x-gzip", "*", "identity", "zstd", ""]),
            st.sampled_from(["", ";q=0", "; q=0.5", ";q=1", ";q=.", ";q=1.1.1", ";q=99999", ";q=", " ", ";"])
            | st.text(max_size=8),
        ),
        max_size=6,
    ).map(",".join)
    | st.text()
)
def test_only_a_coding_that_was_named_is_taken(offer: str) -> None:
    taken = negotiated(offer)
    assert taken is None or taken.value in offer.lower()
    assert taken in {None, *Coding}


values = st.sampled_from(
    ["", "aac", "aac,opus", ",", "aac,,", "AAC", "160000", "0160000", "1e5", "-1", "%61ac", "%", "%zz"]
)


@bounded
@given(
    st.lists(
        st.builds(
            "{}{}{}".format, st.sampled_from(["codecs", "max_bandwidth", "CMCD", ""]), st.sampled_from("=;&"), values
        )
        | st.text(max_size=12),
        max_size=70,
    )
)
def test_fields_of_a_query_are_a_selection_or_our_error(fields: list[str]) -> None:
    try:
        selection = of_query("&".join(fields).encode("utf-8", "surrogatepass"))
    except MalformedQuery:
        return
    assert selection.codecs is None or all(family.isalnum() for family in selection.codecs)
    assert selection.max_bandwidth_bps is None or selection.max_bandwidth_bps > 0


@bounded
@given(st.data())
def test_an_order_has_one_spelling(data: st.DataObject) -> None:
    text = data.draw(changed(spell(ORDER).encode(), [b".", b"=", b"A", b"0", b"_", spell(ORDER).encode()]))
    order = read(text.decode("latin-1"))
    assert order is None or spell(order).encode() == text


@bounded
@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    """Its terms and its expiry least of all may be had otherwise than they were signed."""
    genuine = [token(asset_directory(ASSETS[0]), terms) for terms in TERMS]
    pieces = [part.encode() for text in genuine for part in text.split(".")]
    text = data.draw(changed(genuine[-1].encode(), [*pieces, b".", b"_", b"any"])).decode("latin-1")
    try:
        grant = verify(text, directory=asset_directory(ASSETS[0]), keys=KEYS, now_s=NOW)
    except TokenRejected:
        assert text not in genuine
    else:
        assert text in genuine
        assert grant.terms == TERMS[genuine.index(text)]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from([KID, "temporary"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["kids", "type", "keys", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@bounded
@given(json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))
@example(json.dumps({"kids": [KID], "type": "temporary"}).encode())
@example(json.dumps({"kids": [KID], "type": "persistent-license"}).encode())
@example(b'{"kids": ["\\ud800"]}')
@example(b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b',"kids":[]}')
def test_any_body_is_a_licence_or_our_error(body: bytes) -> None:
    try:
        told = license_for(body, [[KEY]])
    except (MalformedLicenseRequest, Refused):
        return
    assert [key["kid"] for key in json.loads(told)["keys"]] == [KID]
