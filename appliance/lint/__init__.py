"""Lint: the rules of Apple's HLS authoring specification that bind an audio-only service, checked on any stream.

`collect` fetches a stream, the `*_rules` judge what was fetched, `rules` is the table of them. The numbers of the rules
are those of the revision of 2025-05-08.
"""
