"""How much one user, or one address, may take of the API."""
