"""What `segue up` prints when it is ready. Pure: values in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from appliance.home import Home
from appliance.probe import reachable
from config.settings import graph_settings, origin_settings, s3_settings

if TYPE_CHECKING:  # it imports the graph
    from appliance.demo.accounts import DemoAccount


def ready_summary(home: Home, resolved: Mapping[str, str], *, services: Iterable[str], seconds: float) -> str:
    """The addresses, once everything answers; `services` are those that are embedded."""
    graph, origin, store = graph_settings(resolved), origin_settings(resolved), s3_settings(resolved)
    rows = [
        ("GraphQL API", f"http://{reachable(graph.host)}:{graph.port}/graphql"),
        ("Origin", f"http://{reachable(origin.host)}:{origin.port}"),
        ("Object store", f"{store.endpoint} (bucket {store.bucket})"),
        ("Embedded", ", ".join(sorted(services)) or "nothing"),
        ("Data and logs", str(home.folder)),
    ]
    return "\n".join([f"Segue is ready after {seconds:.1f} s.", "", *table(rows), "", "Ctrl-C stops everything."])


def table(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Two aligned columns."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return [f"  {name:<{width}}  {value}" for name, value in rows]


def demo_summary(accounts: Iterable[DemoAccount], *, command: str) -> str:
    """Who can sign in, and the one command to try next."""
    rows = [(account.role.value, f"{account.email}  {account.password}") for account in accounts]
    return "\n".join(["Sign in as:", "", *table(rows), "", f"Try next:  {command}"])
