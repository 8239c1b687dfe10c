"""One `segue import`, for tests that look at what it does."""

from pathlib import Path
from typing import Any

from appliance.client import GraphClient
from appliance.importer.batch import Batch
from appliance.importer.catalogue import Catalogue
from appliance.importer.files import find
from appliance.importer.outcome import Outcome
from appliance.importer.recognition import Recognition, Unrecognised


class Steps:
    """Remembers what a bar would show."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, float]] = []

    def advance(self, file: Path, step: str, fraction: float) -> None:
        self.seen.append((file.name, step, round(fraction, 3)))


class Run:
    """One `segue import`: a new catalogue and importer each time, as a new process has."""

    def __init__(self, client: GraphClient, api: Any) -> None:
        self.client = client
        self.api = api
        self.steps = Steps()
        self.recognition: Recognition = Unrecognised()
        self.told: list[Outcome] = []

    async def __call__(self, *paths: Path) -> list[Outcome]:
        catalogue = Catalogue(self.client, self.api.own_artists, default_artist="The Account")
        sources, _ = find(paths)
        batch = Batch(self.client, catalogue, self.recognition, self.steps)
        return await batch.run(sources, finished=self.told.append)


def write(folder: Path, *names: str) -> list[Path]:
    files = [folder / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"the bytes of {file.name}".encode() * 50_000)
    return files


def statuses(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.file.name, outcome.status.value) for outcome in outcomes]
