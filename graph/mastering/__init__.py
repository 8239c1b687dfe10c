"""Mastering: what the ingest measured of tracks and albums, and what it found wrong."""
