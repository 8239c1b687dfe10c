"""Sharing: short links that lead to a track, an album, an artist or a playlist, and their preview on the web."""
