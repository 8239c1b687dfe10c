"""Playback: from a track to manifest URLs that are signed for one listener."""
