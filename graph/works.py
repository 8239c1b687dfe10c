"""What the graph process does from time to time, and how often: one entry for each work.

Not here: who does it when (`graph.schedules`).
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from config.settings import GraphSettings
from graph.genres.upkeep import forget_genres
from graph.idempotency import forget_keys
from graph.library.availability import tell_availability
from graph.library.upkeep import keep_up
from graph.listening.charts import write_daily, write_weekly
from graph.listening.forgetting import forget_listeners
from graph.listening.months import make_months
from graph.listening.orphans import remove_orphans
from graph.listening.popularity import show_popularity
from graph.listening.retention import drop_months
from graph.listening.rollup import roll_up
from graph.playlists.upkeep import remove_deleted
from graph.schedules import Work


def works(settings: GraphSettings) -> tuple[Work, ...]:
    """All of it, as the settings say."""
    drop = partial(drop_months, kept_months=settings.play_history_months)
    return (
        Work(name="months of plays", every=timedelta(hours=6), perform=make_months),
        Work(name="old months of plays", every=timedelta(hours=6), perform=drop),
        Work(name="counts of plays", every=timedelta(seconds=30), perform=roll_up),
        Work(name="charts of the day", every=timedelta(minutes=10), perform=write_daily),
        Work(name="charts of the week", every=timedelta(hours=1), perform=write_weekly),
        Work(name="popular tracks", every=timedelta(hours=1), perform=show_popularity),
        Work(name="names in libraries", every=timedelta(minutes=1), perform=keep_up),
        Work(name="availability in libraries", every=timedelta(minutes=1), perform=tell_availability),
        Work(name="deleted tracks in playlists", every=timedelta(minutes=1), perform=remove_deleted),
        Work(name="idempotency keys", every=timedelta(hours=1), perform=forget_keys),
        Work(name="deleted listeners", every=timedelta(minutes=10), perform=forget_listeners),
        Work(name="genres that nothing is called by", every=timedelta(hours=1), perform=forget_genres),
        Work(name="counts of what is deleted", every=timedelta(days=1), perform=remove_orphans),
    )
