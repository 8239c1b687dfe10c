"""`segue user create` and `segue token`: accounts for operators and scripts."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Mapping

import click

from appliance.errors import ApplianceError
from appliance.invocation import Invocation, pass_invocation

ROLES = ("listener", "artist", "label", "admin")
GENERATED_BYTES = 15  # twenty characters


class AccountRefused(ApplianceError):
    """A rule of accounts was not kept; the message says which."""

    code = "account_refused"


@click.group
def user() -> None:
    """Make accounts."""


@user.command
@click.argument("email")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the account may do.")
@click.option("--name", help="The name that others see; without it the part of the address before the @.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@pass_invocation
def create(invocation: Invocation, email: str, role: str, name: str | None, *, password_stdin: bool) -> None:
    """Make an account.

    The password is asked for on a terminal. Without one, or when nothing is typed, it is drawn at random and printed.
    """
    typed = _typed_password(from_stdin=password_stdin)
    password = typed or secrets.token_urlsafe(GENERATED_BYTES)
    display_name = name or email.partition("@")[0] or email
    asyncio.run(_create(invocation.environment, email, role=role, display_name=display_name, password=password))
    click.echo(f"Made {email.strip().lower()}, {'an' if role in ('artist', 'admin') else 'a'} {role}.")
    if not typed:
        click.echo(f"Its password, shown this once: {password}")


@click.command
@click.argument("email")
@pass_invocation
def token(invocation: Invocation, email: str) -> None:
    """Print an access token of an account.

    Send it as `Authorization: Bearer TOKEN`; it is valid for some minutes.
    """
    click.echo(asyncio.run(_token(invocation.environment, email)))


def _typed_password(*, from_stdin: bool) -> str:
    """What the operator gave, empty when it was nothing."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise click.UsageError("--password-stdin found no password on standard input")
        return password
    if not sys.stdin.isatty():
        return ""
    password = _asked("Password (none: draw one)")
    if password and _asked("Again") != password:
        raise click.UsageError("the two passwords differ")
    return password


def _asked(prompt: str) -> str:
    return str(click.prompt(prompt, default="", hide_input=True, show_default=False, err=True))


async def _create(environment: Mapping[str, str], email: str, *, role: str, display_name: str, password: str) -> None:
    from config.postgres import open_pool
    from config.settings import postgres_settings
    from graph.accounts.service import create_user
    from graph.errors import Refused
    from graph.viewer import Role

    async with open_pool(postgres_settings(environment)) as pool:
        try:
            await create_user(pool, email=email, display_name=display_name, role=Role(role), password=password)
        except Refused as error:
            raise AccountRefused(f"{email} was not made: {error}") from error


async def _token(environment: Mapping[str, str], email: str) -> str:
    from appliance.identity import find_account, token_source

    return token_source(environment, await find_account(environment, email))()
