"""Mutations of accounts: sign up, sign in, refresh, change, sign out."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, cast

import strawberry
from msgspec import UNSET

from graph.accounts import records, renewal, service, tokens
from graph.accounts.types import User
from graph.context import Info
from graph.payloads import INPUT, Payload, UserErrors
from graph.viewer import Role, Viewer


@strawberry.type(name="Session", description="An open session.")
class SessionType:
    access_token: str = strawberry.field(description="Send it as `Authorization: Bearer ...`. It lives for minutes.")
    access_token_expires_at: datetime = strawberry.field(description="When to have it refreshed at the latest.")
    refresh_token: str = strawberry.field(description="Works once, for `refreshSession`. Keep it secret.")
    user: User = strawberry.field(description="Who is signed in.")

    @classmethod
    async def of(cls, session: service.Session, info: Info) -> SessionType:
        """Mint the access token of a session that was opened or refreshed now; from here on it writes as its user."""
        context = info.context
        reader = context.reader.seen_by(_proved(session.user))
        user = await reader.one(info, User, session.user.id, under=("session", "user"))
        context.writer_id = session.user.id
        access = tokens.mint(
            session.user.id,
            session.user.role,
            market=session.user.market,
            key=context.services.signing_key,
            now_s=int(time.time()),
            lifetime_s=context.services.settings.tokens.access_lifetime_s,
        )
        return cls(
            access_token=access.text,
            access_token_expires_at=datetime.fromtimestamp(access.expires_at_s, UTC),
            refresh_token=session.refresh_token,
            user=cast("User", user),  # there, unless it is deleted in this moment
        )


@strawberry.type(description="What `signUp`, `signIn` and `refreshSession` answer.")
class SessionPayload(Payload):
    session: SessionType | None = strawberry.field(default=None, description="The open session.")


@strawberry.type(description="What `signOut` answers.")
class SignOutPayload(Payload):
    signed_out: bool | None = strawberry.field(
        default=None, description="Whether there was a session to end; the token is worth nothing now in either case."
    )


@strawberry.input(description="A new account.")
class SignUpInput:
    email: str = strawberry.field(description="The address to sign in with.")
    password: str = strawberry.field(description="8 characters or more.")
    display_name: str = strawberry.field(description="The name that others see.")
    market: str | None = strawberry.field(
        default=None,
        description="The country whose licences count, by its two letters (ISO 3166-1); without it, wherever you are.",
    )


@strawberry.input(description="What signs a user in.")
class SignInInput:
    email: str = strawberry.field(description="The address of the account.")
    password: str = strawberry.field(description="Its password.")


@strawberry.input(description="A session to continue.")
class RefreshSessionInput:
    refresh_token: str = strawberry.field(description="The newest refresh token of the session.")


@strawberry.input(description="A session to end.")
class SignOutInput:
    refresh_token: str = strawberry.field(description="A refresh token of the session.")


@strawberry.input(description="What becomes of your account. What is left out stays as it is.")
class UpdateAccountInput:
    display_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name that others see; 80 characters at most."
    )
    market: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The country whose licences count, by its two letters (ISO 3166-1); null for wherever you are. It holds"
            " from the next access token on: refresh the session."
        ),
    )


@strawberry.type(description="What `updateAccount` answers.")
class UpdateAccountPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Your account as it is now.")


@strawberry.input(description="Another password for your account.")
class ChangePasswordInput:
    current_password: str = strawberry.field(description="The present one: whoever holds the device may not know it.")
    new_password: str = strawberry.field(description="The one to sign in with from now on; 8 characters or more.")


@strawberry.type(description="What `changePassword` answers.")
class ChangePasswordPayload(Payload):
    session: SessionType | None = strawberry.field(
        default=None, description="The session to go on with, in place of the one that you had."
    )


@strawberry.type
class AccountsMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(description="Make an account for a listener.", extensions=[UserErrors(SessionPayload)])
    async def sign_up(self, info: Info, given: Annotated[SignUpInput, INPUT]) -> SessionPayload | None:
        services = info.context.services
        user = await service.create_user(
            services.pool,
            email=given.email,
            display_name=given.display_name,
            role=Role.LISTENER,
            password=given.password,
            market=given.market,
        )
        lifetime_s = services.settings.tokens.refresh_lifetime_s
        session = await service.open_session(services.pool, user, now=datetime.now(UTC), lifetime_s=lifetime_s)
        return SessionPayload(session=await SessionType.of(session, info))

    @strawberry.mutation(description="Open a session.", extensions=[UserErrors(SessionPayload)])
    async def sign_in(self, info: Info, given: Annotated[SignInInput, INPUT]) -> SessionPayload | None:
        services = info.context.services
        session = await service.sign_in(
            services.pool,
            email=given.email,
            password=given.password,
            now=datetime.now(UTC),
            lifetime_s=services.settings.tokens.refresh_lifetime_s,
        )
        return SessionPayload(session=await SessionType.of(session, info))

    @strawberry.mutation(
        description=(
            "Continue a session. The token works once. Presented again within some seconds, as by a second tab or after"
            " a lost answer, it is answered with the same new refresh token; later it ends the session everywhere."
        ),
        extensions=[UserErrors(SessionPayload)],
    )
    async def refresh_session(self, info: Info, given: Annotated[RefreshSessionInput, INPUT]) -> SessionPayload | None:
        services = info.context.services
        session = await service.refresh_session(
            services.pool,
            refresh_token=given.refresh_token,
            secret=services.signing_key.refresh_secret,
            now=datetime.now(UTC),
            lifetime_s=services.settings.tokens.refresh_lifetime_s,
        )
        return SessionPayload(session=await SessionType.of(session, info))

    @strawberry.mutation(
        description="Change your own account: the name that others see, and your country.",
        extensions=[UserErrors(UpdateAccountPayload)],
    )
    async def update_account(
        self, info: Info, given: Annotated[UpdateAccountInput, INPUT]
    ) -> UpdateAccountPayload | None:
        viewer = info.context.require_viewer()
        await service.update_account(
            info.context.services.pool,
            viewer.user_id,
            display_name=given.display_name if isinstance(given.display_name, str) else UNSET,
            market=UNSET if given.market is strawberry.UNSET else given.market,
        )
        return UpdateAccountPayload(user=await info.context.reader.one(info, User, viewer.user_id, under=("user",)))

    @strawberry.mutation(
        description=(
            "Choose another password. Every session of yours ends, on all devices; you are given a new one. Access"
            " tokens that were given out work until they expire."
        ),
        extensions=[UserErrors(ChangePasswordPayload)],
    )
    async def change_password(
        self, info: Info, given: Annotated[ChangePasswordInput, INPUT]
    ) -> ChangePasswordPayload | None:
        viewer, services = info.context.require_viewer(), info.context.services
        session = await renewal.change_password(
            services.pool,
            viewer.user_id,
            current=given.current_password,
            new=given.new_password,
            now=datetime.now(UTC),
            lifetime_s=services.settings.tokens.refresh_lifetime_s,
        )
        return ChangePasswordPayload(session=await SessionType.of(session, info))

    @strawberry.mutation(description="End a session.", extensions=[UserErrors(SignOutPayload)])
    async def sign_out(self, info: Info, given: Annotated[SignOutInput, INPUT]) -> SignOutPayload | None:
        ended = await service.sign_out(
            info.context.services.pool, refresh_token=given.refresh_token, now=datetime.now(UTC)
        )
        return SignOutPayload(signed_out=ended)


def _proved(user: records.User) -> Viewer:
    """Somebody who proved just now who they are: the operation itself has no viewer yet."""
    return Viewer(user_id=user.id, role=user.role, market=user.market, token_expires_at_s=0)
