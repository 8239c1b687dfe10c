"""Search by name and title."""
