"""`segue synth`: fill an empty database with a made-up catalogue and libraries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from appliance.invocation import Invocation, pass_invocation

if TYPE_CHECKING:
    from appliance.synth.sizes import Order

SIZES = {"tracks": 1_000_000, "artists": 100_000, "albums": 150_000, "playlists": 200_000, "listeners": 50_000}
AT_LEAST_1 = click.IntRange(min=1)


def _sizes(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of the sizes, each with its default."""
    for name, default in reversed(SIZES.items()):
        option = click.option(
            f"--{name}", type=AT_LEAST_1, default=default, show_default=True, help=f"How many {name}."
        )
        command = option(command)
    return command


@click.command
@_sizes
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed draws the same catalogue.")
@click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day that the newest rows are of; today without it. The same rows come from the same seed and day.",
)
@pass_invocation
def synth(invocation: Invocation, /, *, seed: int, now: datetime | None, **sizes: int) -> None:
    """Fill an empty database with a made-up catalogue, listeners and their libraries.

    For measuring and for trying things out. Names, titles and accounts are invented, no track has media, and nobody can
    sign in; `segue token listener-000000@synth.example` acts as one of the listeners. A database that holds accounts or
    music is refused.
    """
    from appliance.synth.sizes import Order, Sizes

    day = now or datetime.now(tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    order = Order(sizes=Sizes(**sizes), seed=seed, now=day.replace(tzinfo=UTC))
    total = asyncio.run(_fill(invocation, order))
    click.echo(f"{total:,} rows. Try `segue token listener-000000@synth.example`.")


async def _fill(invocation: Invocation, order: Order) -> int:
    from appliance.synth.filling import fill
    from appliance.synth.whole import tables
    from config.settings import postgres_settings

    url = postgres_settings(invocation.environment).url.reveal()
    return await fill(url, tables(order), now=order.now, say=lambda line: click.echo(line, err=True))
