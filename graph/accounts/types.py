"""User in GraphQL."""

from __future__ import annotations

from typing import ClassVar

import strawberry

from graph import enums
from graph.accounts.reads import USER
from graph.changes.queries import ViewerChanges
from graph.library.queries import ViewerLibrary
from graph.listening.queries import ViewerPlays
from graph.live.queries import ViewerListening
from graph.node import Node
from graph.playlists.queries import UserPlaylists
from graph.profiles.queries import ViewerArtists
from graph.reads.declarations import Entity
from graph.scalars import CountryCode
from graph.uploads.queries import ViewerUploads
from graph.viewer import Role

enums.publish(
    Role,
    name="Role",
    description="What an account may do.",
    values={
        Role.LISTENER: "Listens.",
        Role.ARTIST: "Listens, and publishes music of its own artists.",
        Role.LABEL: "Listens, and publishes music of the several artists that it manages.",
        Role.ADMIN: "May do everything.",
    },
)


@strawberry.type(description="Somebody with an account.")
class User(
    ViewerUploads, ViewerArtists, ViewerLibrary, ViewerListening, ViewerPlays, UserPlaylists, ViewerChanges, Node
):
    entity: ClassVar[Entity] = USER
    type_name: ClassVar[str] = USER.type_name
    display_name: str = strawberry.field(description="The name that others see.")
    role: Role = strawberry.field(description="What the account may do.")
    email: str | None = strawberry.field(description="The e-mail address; null for everybody but the user.")
    market: CountryCode | None = strawberry.field(
        description="The country whose licences count; null for wherever the user is, and for everybody but the user."
    )
