"""The text of the document that a request asks for: found, and paid for before anybody reads it.

Rates are of operations, and what is no operation would have none: a document that cannot be parsed, or does not fit the
schema, is refused before there is anything to admit, and reading it has taken as long as a page. So each document that
this process has not found to fit is paid for here, with points alone; what a client has paid for is kept by its hash.

Not here: where texts are kept (`graph.persisted.store`), and what a document costs (`graph.execution.cost`).
"""

from __future__ import annotations

from graph.context import Context
from graph.execution.cost import of_reading
from graph.execution.documents import Documents
from graph.persisted.wanted import Wanted


async def found(wanted: Wanted, documents: Documents, context: Context) -> str | None:
    """The text to execute; None when nothing was asked for.

    Raises UnknownDocument, UntrustedDocument and RateLimited.
    """
    services = context.services
    text = await services.persisted.text(wanted)
    if text is not None and not documents.fits(text):
        await services.limiter.admit(None, of_reading(text), viewer=context.viewer, address=context.address)
    await services.persisted.keep(wanted)
    return text
