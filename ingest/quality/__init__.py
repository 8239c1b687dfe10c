"""Warnings about a master: what an artist would want to mend before anybody hears it."""
