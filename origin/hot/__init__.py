"""The hot path: answers that the application has given once, given again without it.

::

    protocol     a connection: what is plain and known is answered, everything else goes on to the application
    ├── head     the bytes of a plain GET, taken apart
    ├── answers  what the application has answered, and to whom that may be said again
    │   └── memo what is remembered, within a number of entries
    └── lines    the access log's lines, written without a logger

Nothing is decided here. The application answers every question first, and its answer says how to come by the same body
again (`origin.exchange.Answer.again`). What depends on the moment is looked at each time: the token's expiry, whether
the asset is withdrawn, whether memory still holds the bytes (decision 0100).

Pure: `head`, `memo`.
"""
