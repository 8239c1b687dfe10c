"""CMAF: encoded frames in, the bytes of a track file out. Pure."""
