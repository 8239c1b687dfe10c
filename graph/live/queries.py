"""How an account shares what it plays; merged into User by `graph.accounts.types`."""

from __future__ import annotations

from typing import Any

import strawberry

from graph.context import Info


@strawberry.type
class ViewerListening:
    """Fields that only the user sees."""

    @strawberry.field(description="Whether you listen in private; null for everybody but the user.")
    def listening_private(self: Any, info: Info) -> bool | None:
        viewer = info.context.viewer
        if viewer is None or viewer.user_id != self.key:
            return None
        private: bool = self.record.listening_private
        return private
