"""Supply: catalogues that a distributor or a label delivers, thousands of tracks at a time."""
