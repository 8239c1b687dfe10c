"""Header parsers, one for each container of a master: they look before any library may.

A parser takes the whole file as bytes (or a memory map of it) and returns what the header promises, as a `Header`, or
raises `MediaError`. It answers for every input: a promise or our error, never another exception.
"""
