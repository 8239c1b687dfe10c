"""How an account shares what it plays; merged into User by `graph.accounts.types`."""

from __future__ import annotations

import strawberry


@strawberry.type
class ViewerListening:
    """Fields that only the user sees."""

    listening_private: bool | None = strawberry.field(
        description="Whether you listen in private; null for everybody but the user."
    )
