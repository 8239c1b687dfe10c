"""The benchmark: our figure and what one would pick instead, measured in one run on one machine."""
