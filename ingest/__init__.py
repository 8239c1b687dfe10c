"""The ingest pipeline: a master in, loudness-normalised renditions and their descriptor out."""
