"""What the origin's tests ask of: assets with chosen numbers, a recording, and a process that serves it."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from origin.asset import Asset, Rendition
from tests import described
from tests.origin.recording import Recording, recorded
from tests.origin.running import Origin, running_origin, store_recording


@pytest.fixture(scope="session")
def make_rendition() -> Callable[..., Rendition]:
    return described.rendition


@pytest.fixture(scope="session")
def make_asset() -> Callable[..., Asset]:
    return described.asset


@pytest.fixture(scope="session")
def recording() -> Recording:
    """Ten and a bit seconds of a stereo chord at 44.1 kHz, neither whole frames nor whole segments long."""
    rate, count = 44_100, 10 * 44_100 + 777
    time_s = np.arange(count) / rate
    left = 0.3 * np.sin(2 * math.pi * 220 * time_s) + 0.1 * np.sin(2 * math.pi * 1234 * time_s)
    right = 0.3 * np.sin(2 * math.pi * 330 * time_s)
    pcm = np.round(np.stack([left, right], axis=1) * 32767).astype(np.int16)
    return recorded(pcm, rate, ("aac-96", "aac-320", "flac"))


@pytest.fixture(scope="session")
def make_recording() -> Callable[..., Recording]:
    return recorded


@pytest.fixture(scope="session")
def start_origin(recording: Recording) -> Callable[..., object]:
    """Store the recording and give a context manager of a running origin, for tests that harm theirs."""

    def start(environment: dict[str, str], folder: Path) -> object:
        store_recording(environment, recording)
        return running_origin(environment, folder, recording)

    return start


@pytest.fixture(scope="session")
def origin(services, recording: Recording, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    """One origin over real S3 for all tests that only ask."""
    environment = {**services.environment, "SEGUE_S3_BUCKET": "origin-tests"}
    store_recording(environment, recording)
    with running_origin(environment, tmp_path_factory.mktemp("origin"), recording) as started:
        yield started
