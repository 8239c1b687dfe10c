"""The work of the child processes: each module turns files of the scratch folder into files and figures.

`run` takes a task of `ingest.tasks` and a callback for its progress, and returns the task's result. No event loop, no
network and no settings here; `ingest.isolation.child` calls them, `ingest.pipeline` puts them in their order.
"""
