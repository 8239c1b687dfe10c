"""Profiles: what an artist says of itself, and who looks after it."""
