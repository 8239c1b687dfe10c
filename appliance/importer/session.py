"""An import from its account to its outcomes: the wiring that the command and the demo share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from appliance.client import graph_url, open_client
from appliance.errors import ApplianceError
from appliance.identity import own_artists, token_source
from appliance.importer import artwork, description
from appliance.importer.batch import Batch
from appliance.importer.catalogue import Catalogue, Id
from appliance.importer.files import Source
from appliance.importer.outcome import Outcome
from appliance.importer.recognition import Recognition, Unrecognised
from appliance.importer.report import Report
from graph.accounts.records import User
from graph.viewer import Role

WHO_AM_I: Final = "query { viewer { id } }"


class MayNotUpload(ApplianceError):
    """Only artists, labels and admins upload; choose another account by --as."""

    code = "may_not_upload"

    def __init__(self, account: User) -> None:
        super().__init__(
            f"{account.email} is a {account.role.value}, and only artists upload; choose one by --as EMAIL"
        )


async def import_as(
    account: User,
    sources: Sequence[Source],
    *,
    environment: Mapping[str, str],
    report: Report,
    recognition: Recognition | None = None,
) -> list[Outcome]:
    """Import the files as an account. Raises MayNotUpload; GraphAway when the API does not answer at all.

    Without `recognition` only files are recognised, not what can be heard in them.
    """
    if account.role is Role.LISTENER:
        raise MayNotUpload(account)
    async with open_client(graph_url(environment), token_source(environment, account)) as client:
        await client.query(WHO_AM_I, {}, to=Id)
        catalogue = Catalogue(client, partial(own_artists, environment, account), default_artist=account.display_name)
        batch = Batch(client, catalogue, recognition or Unrecognised(), report)
        outcomes = await batch.run(sources, finished=report.finished)
        await artwork.take_over(client, outcomes)
        await description.take_over(client, outcomes)
        return outcomes
