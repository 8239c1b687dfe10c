"""Child processes: limits and a fence for those that read what a stranger sent, a pool for the rest."""
