"""Mutations of profiles."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graph import ids
from graph.catalog.types import Artist
from graph.context import Info
from graph.payloads import INPUT, Payload, UserErrors
from graph.profiles import service
from graph.profiles.links import Link
from graph.profiles.service import ArtistChange


@strawberry.input(description="A page elsewhere that an artist leads to.")
class ArtistLinkInput:
    title: str = strawberry.field(description="What to show for it; 80 characters at most.")
    url: str = strawberry.field(description="A web address that begins with https:// or http://.")


@strawberry.input(description="What becomes of an artist's profile. What is left out stays as it is.")
class UpdateArtistInput:
    artist_id: strawberry.ID = strawberry.field(description="One of your artists.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name as it is shown; 200 characters at most."
    )
    biography: str | None = strawberry.field(
        default=strawberry.UNSET, description="The biography as plain text; null takes it away."
    )
    links: list[ArtistLinkInput] | None = strawberry.field(
        default=strawberry.UNSET, description="At most 20, in the place of those that it has."
    )

    @property
    def change(self) -> ArtistChange:
        given: dict[str, Any] = {}
        if isinstance(self.name, str):
            given["name"] = self.name
        if self.biography is not strawberry.UNSET:
            given["biography"] = self.biography
        if isinstance(self.links, list):
            given["links"] = [Link(title=link.title, url=link.url) for link in self.links]
        return ArtistChange(**given)


@strawberry.type(description="What `updateArtist` answers.")
class UpdateArtistPayload(Payload):
    artist: Artist | None = strawberry.field(default=None, description="The artist as it is now.")


@strawberry.input(description="An artist that another account is to look after.")
class HandOverArtistInput:
    artist_id: strawberry.ID = strawberry.field(description="One of your artists.")
    user_id: strawberry.ID = strawberry.field(description="The account, which has to be one that publishes.")


@strawberry.type(description="What `handOverArtist` answers.")
class HandOverArtistPayload(Payload):
    artist: Artist | None = strawberry.field(default=None, description="The artist, which is not yours any more.")


@strawberry.type
class ProfilesMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description="Change an artist's profile: its name, its biography, its links.",
        extensions=[UserErrors(UpdateArtistPayload)],
    )
    async def update_artist(self, info: Info, given: Annotated[UpdateArtistInput, INPUT]) -> UpdateArtistPayload | None:
        key = ids.require(Artist.type_name, given.artist_id, field="artistId")
        await service.update_artist(
            info.context.services.pool, info.context.require_viewer(), artist_id=key, change=given.change
        )
        return UpdateArtistPayload(artist=await info.context.reader.one(info, Artist, key, under=("artist",)))

    @strawberry.mutation(
        description=(
            "Hand an artist over, with its albums and tracks, to another account, such as its label's, which looks"
            " after it from now on."
        ),
        extensions=[UserErrors(HandOverArtistPayload)],
    )
    async def hand_over_artist(
        self, info: Info, given: Annotated[HandOverArtistInput, INPUT]
    ) -> HandOverArtistPayload | None:
        key = ids.require(Artist.type_name, given.artist_id, field="artistId")
        await service.hand_over(
            info.context.services.pool,
            info.context.require_viewer(),
            artist_id=key,
            account_id=ids.find("User", given.user_id),
        )
        return HandOverArtistPayload(artist=await info.context.reader.one(info, Artist, key, under=("artist",)))
