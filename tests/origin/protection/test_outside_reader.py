"""Every box that is stored or written on the way, re-read by mp4box.js, which shares nothing with this project.

It comes from npm, pinned in tests/e2e/players (`npm ci` there installs it).
"""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from origin.asset import Codec
from origin.protection.headers import protect_header
from origin.protection.pssh import common_pssh
from origin.protection.scheme import Scheme
from origin.protection.segments import first_vector, protect_segment

NODE = shutil.which("node")
MODULES = Path(__file__).parents[2] / "e2e/players/node_modules"
CODECS = [Codec.AAC, Codec.OPUS, Codec.FLAC]
SCHEMES = [None, Scheme.CBCS, Scheme.CENC]
COMMON_SYSTEM = "1077efecc0b24d02ace33c1e52e2fb4b"

PROGRAM = """
const {createFile} = require("mp4box");
const FIELDS = {
  elst: (box) => box.entries.map((entry) => entry.media_time),
  tenc: (box) => box.default_KID,
  pssh: (box) => [box.system_id, box.kid],
  tfdt: (box) => box.baseMediaDecodeTime,
  trun: (box) => box.sample_size,
  saiz: (box) => box.sample_count,
  sbgp: (box) => [box.grouping_type, box.entries.map((entry) => [entry.sample_count, entry.group_description_index])],
};
const held = (box) => [...new Set([...(box.boxes || []), ...(box.entries || []).filter((each) => each && each.size)])];
const told = (box, above) => {
  const path = (above + "/" + box.type.trim()).replace(/^\\//, "");
  const known = box.constructor.name.startsWith(box.type.trim());
  const one = {path, start: box.start, size: box.size, known, fields: FIELDS[box.type]?.(box)};
  return [one, ...held(box).flatMap((each) => told(each, path))];
};
const files = JSON.parse(require("fs").readFileSync(0, "utf8")).map((text) => {
  const bytes = Uint8Array.from(Buffer.from(text, "base64")).buffer;
  bytes.fileStart = 0;
  const file = createFile(true);
  file.appendBuffer(bytes, true);
  file.flush();
  return file.boxes.flatMap((box) => told(box, ""));
});
console.log(JSON.stringify(files));
"""

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="no node on the PATH (Debian's package nodejs)"),
    pytest.mark.skipif(
        not (MODULES / "mp4box").is_dir(), reason="mp4box.js is not installed (npm ci in tests/e2e/players)"
    ),
]

Written = Callable[[Codec, Scheme | None], tuple[bytes, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def written(tracks, content_keys) -> Written:
    """A track file and its boxes, by codec and scheme; all are read in one go. Each segment has another key."""
    files = {(codec, scheme): file(tracks[codec], scheme, content_keys) for codec in CODECS for scheme in SCHEMES}
    run = subprocess.run(
        [str(NODE), "-e", PROGRAM],
        input=json.dumps([base64.b64encode(content).decode() for content in files.values()]).encode(),
        capture_output=True,
        check=True,
        timeout=300,
        env={"NODE_PATH": str(MODULES)},
    )
    told = dict(zip(files, json.loads(run.stdout), strict=True))
    return lambda codec, scheme: (files[codec, scheme], told[codec, scheme])


def file(track, scheme: Scheme | None, keys) -> bytes:
    if scheme is None:
        return track.header + b"".join(track.segments)
    box = common_pssh([key.key_id for key in keys])
    return protect_header(track.header, scheme=scheme, key=keys[0], pssh=[box]) + b"".join(
        protect_segment(
            segment,
            scheme=scheme,
            key=keys[index % len(keys)],
            header_key=keys[0],
            first_iv=first_vector(rendition_number=0, index=index),
        )
        for index, segment in enumerate(track.segments)
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("codec", CODECS)
def test_every_box_is_where_it_says_and_known(written: Written, read, codec, scheme) -> None:
    content, told = written(codec, scheme)
    assert [box["path"] for box in told if not box["known"]] == []
    expected = {(box.path.replace("/url ", "/url"), len(box.content) + 8) for box in read.walked(content)}
    assert {(box["path"], box["size"]) for box in told} == expected
    assert len(told) == len(list(read.walked(content)))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("codec", CODECS)
def test_samples_and_times_are_read_as_they_were_stored(written: Written, tracks, read, codec, scheme) -> None:
    _, told = written(codec, scheme)
    segments = tracks[codec].segments
    sizes = [[len(sample) for sample in read.stored_samples(segment)] for segment in segments]
    starts = [int.from_bytes(read.content_of(segment, "moof/traf/tfdt")[4:]) for segment in segments]
    assert fields(told, "moof/traf/trun") == sizes
    assert fields(told, "moof/traf/tfdt") == starts
    assert fields(told, "moov/trak/edts/elst") == [[{Codec.AAC: 1024, Codec.OPUS: 312, Codec.FLAC: 0}[codec]]]


@pytest.mark.parametrize("scheme", [Scheme.CBCS, Scheme.CENC])
@pytest.mark.parametrize("codec", CODECS)
def test_protection_is_read_as_it_was_meant(written: Written, content_keys, codec, scheme) -> None:
    _, told = written(codec, scheme)
    ids = [key.key_id.hex for key in content_keys]
    assert fields(told, "moov/trak/mdia/minf/stbl/stsd/enca/sinf/schi/tenc") == ids[:1]
    ((system, kids),) = fields(told, "moov/pssh")
    assert (system.replace("-", "").lower(), [kid.lower() for kid in kids]) == (COMMON_SYSTEM, ids)
    counts = [len(run) for run in fields(told, "moof/traf/trun")]
    assert fields(told, "moof/traf/saiz") == (counts if scheme is Scheme.CENC else [])
    groups = [runs for kind, runs in fields(told, "moof/traf/sbgp") if kind == "seig"]
    assert groups == [[[count, 0x10001]] for count in counts[1::2]]


def fields(told: list[dict[str, Any]], path: str) -> list[Any]:
    return [box["fields"] for box in told if box["path"] == path]
