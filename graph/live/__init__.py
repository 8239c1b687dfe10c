"""Live state: what listeners play right now, and who may see it."""
