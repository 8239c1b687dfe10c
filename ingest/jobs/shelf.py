"""The shelf of one attempt: rungs that are encoded, verified and uploaded, so that the next attempt need not make them.

A record is written after its files, and names the claim that wrote it, so what is found is whole. It is kept under a
digest of what decides the bytes: after a change of a setting a rung is made anew, and no asset is a mixture.

Objects are written under the keys that they keep. Each write is preceded by a look at the claim, so a worker that comes
back late finishes at most the object that it was in the middle of; and since the same encoders make the same bytes of
the same upload, it replaces that object by itself (docs/decisions/0045).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from config.objects import ObjectStore
from ingest import publish
from ingest.jobs.ledger import Claim, Ledger, Shelved
from ingest.renditions.finished import Finished
from ingest.renditions.ladder import Rung
from ingest.renditions.recipe import Recipe
from origin import asset as assets
from origin import layout


class Shelf:
    """What is finished of one revision. Methods raise Superseded and ServiceUnavailable."""

    def __init__(self, *, ledger: Ledger, store: ObjectStore, claim: Claim, recipe: Recipe) -> None:
        self._ledger = ledger
        self._store = store
        self._claim = claim
        self._directory = layout.revision_directory(claim.asset_id, claim.revision)
        self._recipes = {rung.name: recipe_sha256(rung, recipe) for rung in recipe.ladder}
        self._found: dict[str, Finished] = {}

    async def open(self) -> None:
        """Look at what earlier attempts left; a record whose files are not there any more counts for nothing."""
        records = await self._ledger.shelved(self._claim)
        stored = set(await self._store.keys(self._directory)) if records else set()
        for record in records:
            if record.recipe_sha256 != self._recipes.get(record.rung):
                continue
            done = msgspec.json.decode(record.finished, type=Finished)
            if stored.issuperset(self._directory + name for name in done.file_names):
                self._found[record.rung] = done

    async def find(self, rung_name: str) -> Finished | None:
        return self._found.get(rung_name)

    async def keep(self, finished: Finished, files: Mapping[str, Path]) -> None:
        """Store the files by their object names, then the record."""
        for name, path in files.items():
            await self._ledger.require(self._claim)
            await publish.write_file(self._store, self._directory + name, path)
        record = msgspec.json.encode(finished).decode()
        rung = finished.rung_name
        await self._ledger.shelve(self._claim, Shelved(rung=rung, recipe_sha256=self._recipes[rung], finished=record))


def recipe_sha256(rung: Rung, recipe: Recipe) -> bytes:
    """A digest of what decides a rung's bytes beside its master, and of what is recorded of them."""
    decisive = (assets.DESCRIPTOR_VERSION, rung, recipe.target_lufs, recipe.aac_coder)
    return hashlib.sha256(msgspec.json.encode(decisive)).digest()
