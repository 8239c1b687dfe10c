"""Progressive files: what a listener downloads, and what players without a manifest open.

Four writers, each fed in portions: `m4a` and `flac` lay frames that are encoded already around a header of their own,
`mp3` and `vorbis` encode, for their libraries know their files best. `read` decodes any of the four as a player does.
"""
