"""Proposals: what a master says about itself, for the artist to take over or not."""
