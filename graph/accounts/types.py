"""User in GraphQL."""

from __future__ import annotations

from typing import ClassVar

import strawberry

from graph import enums
from graph.accounts import records
from graph.context import Info
from graph.library.queries import ViewerLibrary
from graph.live.queries import ViewerListening
from graph.node import Node
from graph.uploads.queries import ViewerUploads
from graph.viewer import Role

enums.publish(
    Role,
    name="Role",
    description="What an account may do.",
    values={
        Role.LISTENER: "Listens.",
        Role.ARTIST: "Listens, and publishes music of its own artists.",
        Role.ADMIN: "May do everything.",
    },
)


@strawberry.type(description="Somebody with an account.")
class User(ViewerUploads, ViewerLibrary, ViewerListening, Node):
    type_name: ClassVar[str] = "User"
    record: strawberry.Private[records.User]
    own: strawberry.Private[bool] = False
    display_name: str = strawberry.field(description="The name that others see.")
    role: Role = strawberry.field(description="What the account may do.")

    @classmethod
    def of(cls, record: records.User, *, own: bool = False) -> User:
        """`own` for a user who proved just now who they are, before there is a viewer."""
        return cls(key=record.id, record=record, own=own, display_name=record.display_name, role=record.role)

    @strawberry.field(description="The e-mail address; null for everybody but the user.")
    def email(self, info: Info) -> str | None:
        viewer = info.context.viewer
        own = self.own or (viewer is not None and viewer.user_id == self.key)
        return self.record.email if own else None
