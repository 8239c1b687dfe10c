"""The library: what a listener likes, has saved and follows."""
