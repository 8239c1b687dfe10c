"""Playlists: lists of tracks that an account keeps, in an order of its own."""
