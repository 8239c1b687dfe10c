"""What the graph process does from time to time, and how often: one entry for each work.

Not here: who does it when (`graph.schedules`).
"""

from __future__ import annotations

from datetime import timedelta

from graph.library.upkeep import keep_up
from graph.listening.charts import write_daily, write_weekly
from graph.listening.forgetting import forget_listeners
from graph.listening.months import make_months
from graph.listening.rollup import roll_up
from graph.playlists.upkeep import remove_deleted
from graph.schedules import Work

WORKS = (
    Work(name="months of plays", every=timedelta(hours=6), perform=make_months),
    Work(name="counts of plays", every=timedelta(seconds=30), perform=roll_up),
    Work(name="charts of the day", every=timedelta(minutes=10), perform=write_daily),
    Work(name="charts of the week", every=timedelta(hours=1), perform=write_weekly),
    Work(name="names in libraries", every=timedelta(minutes=1), perform=keep_up),
    Work(name="deleted tracks in playlists", every=timedelta(minutes=1), perform=remove_deleted),
    Work(name="deleted listeners", every=timedelta(minutes=10), perform=forget_listeners),
)
