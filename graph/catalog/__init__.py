"""The catalogue: artists, their albums and tracks."""
