"""Licences: in which markets and when a track may be heard."""
