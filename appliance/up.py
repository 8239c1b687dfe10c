"""`segue up`: everything on this machine, in the foreground, until the operator stops it.

Read :func:`up` from top to bottom: it is the order in which things happen. Nothing is started before every check has
passed, and whatever was started is stopped, however this ends.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Mapping

import asyncpg

from appliance import ports, preflight, prepare, services
from appliance.credentials import Credentials
from appliance.embedded import s3
from appliance.errors import ApplianceError, HomeDamaged, NoRoom
from appliance.home import Home, embedded, resolve
from appliance.schema_version import bring_up_to_date
from appliance.summary import demo_summary, ready_summary
from appliance.supervision import records
from appliance.supervision.interrupt import Interrupt, Stopped
from appliance.supervision.supervisor import Say, Supervisor
from config.errors import ConfigError
from config.settings import graph_settings, ingest_settings, origin_settings, s3_settings

LEFTOVER_GRACE_S = 5.0


async def up(home: Home, variables: Mapping[str, str], *, demo: bool, program: str, say: Say) -> None:
    """Run until a signal. Raises ApplianceError or ConfigError, with nothing left running.

    `program` is how the operator called us, for the command to try next.
    """
    began = time.monotonic()
    interrupt = Interrupt()
    interrupt.listen()
    preflight.check_room(home.folder)
    with preflight.locked(home):
        await _end_leftovers(home, say)
        preflight.check_ports(preflight.listeners(variables))
        supervisor = Supervisor(home, say)
        try:
            held = prepare.make_folders(home)
            ports.note(home.ports_file, variables)
            resolved = resolve(home, variables)
            _check_settings(resolved)
            await interrupt.guard(_start(supervisor, home, held, variables, resolved))
            seconds = time.monotonic() - began
            say(ready_summary(home, resolved, services=embedded(variables), seconds=seconds))
            if demo:
                await interrupt.guard(_demo(home, resolved, program, say))
            await interrupt.guard(asyncio.Event().wait())
        except Stopped:
            say("Stopping ...")
        except (OSError, asyncpg.DiskFullError) as error:
            raise _refusal(home, error) from error
        finally:
            await supervisor.stop(interrupt.hurry)
            ports.forget(home.ports_file)
    say("Stopped.")


def _refusal(home: Home, error: OSError | asyncpg.DiskFullError) -> ApplianceError:
    """What the system refused, most often room, as one sentence."""
    if isinstance(error, asyncpg.DiskFullError) or error.errno == errno.ENOSPC:
        return NoRoom(f"the disk of {home.folder} has no space left; free some and start again")
    return HomeDamaged(
        f"{error.filename or home.folder} cannot be used ({error.strerror}); is it this user's to change?"
    )


async def _end_leftovers(home: Home, say: Say) -> None:
    ended = await asyncio.to_thread(records.end_leftovers, home.run, home=home.folder, grace_s=LEFTOVER_GRACE_S)
    if ended:
        say(f"An earlier `segue up` was killed; ended what it left running: {', '.join(ended)}.")


def _check_settings(resolved: Mapping[str, str]) -> None:
    """Build every record once: a wrong variable is told before anything runs."""
    graph_settings(resolved)
    origin_settings(resolved)
    ingest_settings(resolved)


async def _start(
    supervisor: Supervisor,
    home: Home,
    held: Credentials,
    variables: Mapping[str, str],
    resolved: Mapping[str, str],
) -> None:
    """Services, then the schema and the bucket, then our processes."""
    ours = embedded(variables)
    if "s3" in ours:
        s3.make_bucket(home.s3, s3_settings(resolved).bucket)
    if "postgres" in ours:
        await prepare.make_cluster(home, held)
    await supervisor.start(*services.embedded_services(home, held, variables))
    if "postgres" in ours:
        await prepare.make_database(home, held)
    await bring_up_to_date(resolved)
    if "s3" not in ours:
        await _make_bucket(resolved)
    await supervisor.start(*services.processes(home, resolved))


async def _make_bucket(resolved: Mapping[str, str]) -> None:
    from config.objects import open_store  # noqa: PLC0415 -- the S3 client takes a second to import

    async with open_store(s3_settings(resolved)) as store:
        await store.create_bucket()


async def _demo(home: Home, resolved: Mapping[str, str], program: str, say: Say) -> None:
    """Import the demo library; its failure is told, and everything else goes on."""
    from appliance.demo.seed import ensure_demo  # noqa: PLC0415 -- it imports the client and the synthesiser

    try:
        accounts = await ensure_demo(resolved, home.folder, report=say)
    except (ApplianceError, ConfigError) as error:
        say(f"The demo library is not complete: {error}")
        return
    say(demo_summary(accounts, command=f"{program} play --print-url"))
