"""What `make load` runs: listeners against a running appliance, `make load ARGS="--users 100 --speed 4"`."""

from __future__ import annotations

from locust import events
from locust.argument_parser import LocustArgumentParser

from loadtests.listener import Listener

__all__ = ["Listener"]

DEMO_TITLES = "harbour lights,salt,engine room,gangway,sodium lamps,perihelion,escapement,nocturne"


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]  # Locust's events have no types
def add_options(parser: LocustArgumentParser) -> None:
    """Add our options to Locust's."""
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than real time to play")
    parser.add_argument("--bandwidth", type=int, default=400_000, help="best variant that a listener takes, in bit/s")
    parser.add_argument("--titles", default=DEMO_TITLES, help="words to search for, parted by commas")
