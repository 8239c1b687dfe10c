"""Documents that clients name by their SHA-256 instead of sending them."""
