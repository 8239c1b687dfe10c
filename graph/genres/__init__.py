"""Genres, and the music of each."""
