"""Uploads: the promise of a master, its keeping, and what becomes of it."""
