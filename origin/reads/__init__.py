"""Reads: everything between a request for stored bytes and the object store.

::

    reader      what the service asks; puts the others together
    ├── cache       what is held in memory, within a size in bytes; a crawl does not flush it (sketch)
    ├── flights     one read for all who want the same at once; cancelled when nobody does any more
    ├── disk        a second, larger cache on a disk, shared by the workers of a machine
    ├── room        how much may be on its way at once
    └── endpoints   the store and its replica: retries, hedging (pace) and failover (health)

Pure: `block`, `cache`, `health`, `pace`, `room`, `sketch`.
"""
