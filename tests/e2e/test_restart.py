"""What was ingested is heard again after Ctrl-C and a second `make up` in the same home."""

import json
import os
import re
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import numpy as np
import soundfile as sf

from loadtests.appliance import Appliance, running, second_terminal

MAKER = "maker@restart.example"


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def first_sound(appliance: Appliance, track: str) -> bytes:
    """Header and first segment of the first variant, as a player fetches them."""
    master = appliance.segue("play", track, "--as", MAKER, "--print-url").stdout.splitlines()[-1]
    variant = next(line for line in get(master).decode().splitlines() if not line.startswith("#"))
    playlist = urljoin(master, variant)
    text = get(playlist).decode()
    header = re.search(r'EXT-X-MAP:URI="([^"]+)"', text)
    assert header is not None
    segment = next(line for line in text.splitlines() if not line.startswith("#"))
    return get(urljoin(playlist, header[1])) + get(urljoin(playlist, segment))


def test_an_imported_track_sounds_the_same_after_a_restart(tmp_path: Path) -> None:
    master = tmp_path / "Kept.wav"
    sf.write(master, 0.2 * np.sin(np.arange(48_000 * 3) * 0.03), 48_000, subtype="PCM_16")
    environment = second_terminal(tmp_path / "home", dict(os.environ))

    with running(environment, tmp_path / "first.log", "--no-demo") as appliance:
        appliance.segue("user", "create", MAKER, "--role", "artist", "--password-stdin", stdin="a long passphrase\n")
        imported = json.loads(appliance.segue("import", "--json", "--as", MAKER, str(master)).stdout)
        assert imported["status"] == "ready"
        before = first_sound(appliance, imported["track"])

    with running(environment, tmp_path / "second.log", "--no-demo") as appliance:
        assert first_sound(appliance, imported["track"]) == before
        again = json.loads(appliance.segue("import", "--json", "--as", MAKER, str(master)).stdout)
        assert (again["status"], again["track"]) == ("exists", imported["track"])
