"""CPIX documents as SPEKE 2.0 exchanges them: which keys are asked for, and the keyring that an answer is.

CPIX 2.3 (DASH-IF, "Content Protection Information Exchange Format") with the constraints of SPEKE 2.0 (AWS, "Secure
Packager and Encoder Key Exchange"), as an encryptor sends and reads it:

- The encryptor names the keys. Their ids follow from the content, so all nodes ask for the same ones; the server
  answers the same keys for the same ids.
- One document asks for all crypto periods of a content in one scheme, for audio, and for what each key system has to
  say in manifests and headers. FairPlay has cbcs alone.
- Keys come as plain values; the connection protects them. Documents with encrypted keys are refused.
- An answer that lacks a key, or has one of another scheme, is refused whole.

Not here: HTTP (`origin.protection.speke`).
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import TypeAlias
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

from origin.errors import DamagedAsset, KeysUnusable
from origin.protection import pssh
from origin.protection.boxes import boxes as boxes_of
from origin.protection.keys import Content, ContentKey, Keyring
from origin.protection.scheme import Scheme
from origin.protection.signalling import METHODS, MP4_PROTECTION, Child, ContentProtection, KeyTag, Signalling

VERSION = "2.3"
CPIX, PSKC = "urn:dashif:org:cpix", "urn:ietf:params:xml:ns:keyprov:pskc"
NAMES = {"cpix": CPIX, "pskc": PSKC}

KEY_IDS = UUID("6d0b0d8f-6a2c-4f0e-9c3a-2f6f3f1d7a55")
"""The namespace of the ids of our keys (RFC 9562, section 5.5); drawn at random, once."""

SYSTEMS = {
    Scheme.CBCS: (pssh.FAIRPLAY, pssh.WIDEVINE, pssh.PLAYREADY),
    Scheme.CENC: (pssh.WIDEVINE, pssh.PLAYREADY),
}

FRAGMENT = (
    '<fragment xmlns:cenc="urn:mpeg:cenc:2013" xmlns:mspr="urn:microsoft:playready"'
    ' xmlns:dashif="https://dashif.org/CPS">{}</fragment>'
)
"""Around what a server gives for ContentProtection: several elements, with prefixes that some do not declare."""

TAG = "#EXT-X-KEY:"
ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)')

Systems: TypeAlias = dict[UUID, ET.Element]
"""The `DRMSystem` elements of one key by system."""

for prefix, namespace in NAMES.items():
    ET.register_namespace(prefix, namespace)


def content_id(content: Content) -> str:
    """The name under which the server keeps the keys."""
    return f"{content.asset_id}-{content.revision}"


def key_ids(content: Content) -> tuple[UUID, ...]:
    """The ids of the content's keys, the first crypto period's first."""
    name = f"{content.asset_id}/{content.revision}/{content.scheme.value}"
    return tuple(uuid5(KEY_IDS, f"{name}/{period}") for period in range(content.period_count))


def request_document(content: Content) -> bytes:
    """Ask for the keyring of `content`."""
    ids = [str(key_id) for key_id in key_ids(content)]
    root = ET.Element(_cpix("CPIX"), {"contentId": content_id(content), "version": VERSION})
    keys, systems = (ET.SubElement(root, _cpix(name)) for name in ("ContentKeyList", "DRMSystemList"))
    for key_id in ids:
        ET.SubElement(keys, _cpix("ContentKey"), {"kid": key_id, "commonEncryptionScheme": content.scheme.value})
        for system in SYSTEMS[content.scheme]:
            _system(systems, key_id, system)
    if content.segments_per_period is not None:
        periods = ET.SubElement(root, _cpix("ContentKeyPeriodList"))
        for period in range(len(ids)):
            ET.SubElement(periods, _cpix("ContentKeyPeriod"), {"id": f"period_{period}", "index": str(period)})
    rules = ET.SubElement(root, _cpix("ContentKeyUsageRuleList"))
    for period, key_id in enumerate(ids):
        rule = ET.SubElement(rules, _cpix("ContentKeyUsageRule"), {"kid": key_id, "intendedTrackType": "AUDIO"})
        if content.segments_per_period is not None:
            ET.SubElement(rule, _cpix("KeyPeriodFilter"), {"periodId": f"period_{period}"})
        ET.SubElement(rule, _cpix("AudioFilter"))
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def keyring(document: bytes, content: Content) -> Keyring:
    """Read the answer to `request_document(content)`. Raises KeysUnusable."""
    try:
        # The operator chose the server and trusts it with every key; expat bounds what entities may grow to.
        root = ET.fromstring(document)  # noqa: S314 -- see above
        return _keyring(root, content)
    except (ET.ParseError, ValueError, DamagedAsset) as error:
        raise KeysUnusable(str(error)) from error


def _keyring(root: ET.Element, content: Content) -> Keyring:
    if root.get("contentId") != content_id(content):
        raise KeysUnusable(f"keys of {root.get('contentId')!r}")
    ids, scheme = key_ids(content), content.scheme
    keys = {_id_of(key): key for key in root.iterfind("cpix:ContentKeyList/cpix:ContentKey", NAMES)}
    systems = _systems(root, ids, scheme)
    boxes = [_box(element) for elements in systems for element in elements.values()]
    return Keyring(
        keys=tuple(_key(keys.get(key_id), key_id, scheme) for key_id in ids),
        pssh=tuple(dict.fromkeys(box for box in boxes if box)),
        signalling=Signalling(
            scheme=scheme,
            segments_per_period=content.segments_per_period,
            periods=tuple(tuple(_tags(elements, scheme)) for elements in systems),
            content_protections=tuple(_elements(systems, scheme, ids[0])),
        ),
        disclosed=False,
    )


def _systems(root: ET.Element, ids: Sequence[UUID], scheme: Scheme) -> list[Systems]:
    """What the systems that were asked for say of each key, in our order of systems."""
    told: dict[UUID, Systems] = {key_id: {} for key_id in ids}
    for element in root.iterfind("cpix:DRMSystemList/cpix:DRMSystem", NAMES):
        told.get(_id_of(element), {})[UUID(element.get("systemId", ""))] = element
    return [{system: told[key_id][system] for system in SYSTEMS[scheme] if system in told[key_id]} for key_id in ids]


def _system(parent: ET.Element, key_id: str, system: UUID) -> None:
    """What is wanted of a key system; FairPlay is told of by HLS alone."""
    element = ET.SubElement(parent, _cpix("DRMSystem"), {"kid": key_id, "systemId": str(system)})
    if system != pssh.FAIRPLAY:
        ET.SubElement(element, _cpix("PSSH"))
        ET.SubElement(element, _cpix("ContentProtectionData"))
    for playlist in ("media", "master"):
        ET.SubElement(element, _cpix("HLSSignalingData"), {"playlist": playlist})


def _key(element: ET.Element | None, key_id: UUID, scheme: Scheme) -> ContentKey:
    if element is None or element.get("commonEncryptionScheme") != scheme.value:
        raise KeysUnusable(f"no key {key_id} for {scheme.value}")
    value = element.findtext("cpix:Data/pskc:Secret/pskc:PlainValue", namespaces=NAMES)
    if value is None:
        raise KeysUnusable(f"key {key_id} has no plain value")
    vector = element.get("explicitIV")
    # Without a vector of the server's the id serves: a constant one need only be the same for everybody.
    return ContentKey(key_id=key_id, key=_decoded(value), iv=key_id.bytes if vector is None else _decoded(vector))


def _id_of(element: ET.Element) -> UUID:
    return UUID(element.get("kid", ""))


def _decoded(text: str) -> bytes:
    """Base64, which may be broken into lines. Raises ValueError."""
    return b64decode("".join(text.split()), validate=True)


def _box(system: ET.Element) -> bytes:
    """Empty when there is none."""
    box = _decoded(system.findtext("cpix:PSSH", default="", namespaces=NAMES))
    if box and [each.kind for each in boxes_of(box)] != [b"pssh"]:
        raise KeysUnusable("what a key system has for headers is no box of its kind")
    return box


def _tags(systems: Systems, scheme: Scheme) -> Iterator[KeyTag]:
    for element in systems.values():
        for data in element.iterfind("cpix:HLSSignalingData[@playlist='media']", NAMES):
            for line in _decoded(data.text or "").decode().splitlines():
                if line.startswith(TAG):
                    yield _tag(line.removeprefix(TAG), scheme)


def _tag(attributes: str, scheme: Scheme) -> KeyTag:
    given = {name: value.strip('"') for name, value in ATTRIBUTE.findall(attributes)}
    if given.get("METHOD") != METHODS[scheme] or "URI" not in given:
        raise KeysUnusable(f"not a tag of {scheme.value}: {attributes}")
    vector, key_id = given.get("IV"), given.get("KEYID")
    return KeyTag(
        method=given["METHOD"],
        uri=given["URI"],
        iv=None if vector is None else bytes.fromhex(vector[2:]),
        key_id=None if key_id is None else UUID(hex=key_id[2:]),
        key_format=given.get("KEYFORMAT"),
        key_format_versions=given.get("KEYFORMATVERSIONS"),
    )


def _elements(systems: Sequence[Systems], scheme: Scheme, default_kid: UUID) -> Iterator[ContentProtection]:
    """One element a system, with what it says of every key: a player asks for all licences at once."""
    yield ContentProtection(scheme_id_uri=MP4_PROTECTION, value=scheme.value, default_kid=default_kid)
    for system in SYSTEMS[scheme]:
        found = [elements[system] for elements in systems if system in elements]
        children = [child for element in found for child in _children(element)]
        if children:
            unique = tuple(child for number, child in enumerate(children) if child not in children[:number])
            yield ContentProtection(scheme_id_uri=f"urn:uuid:{system}", children=unique)


def _children(system: ET.Element) -> Iterator[Child]:
    text = _decoded(system.findtext("cpix:ContentProtectionData", default="", namespaces=NAMES)).decode()
    inside = ET.fromstring(FRAGMENT.format(text))  # noqa: S314 -- as above
    yield from (Child(name=each.tag, text=each.text or "", attributes=dict(each.attrib)) for each in inside)


def _cpix(name: str) -> str:
    return f"{{{CPIX}}}{name}"
