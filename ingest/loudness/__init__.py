"""Loudness: what a signal measures (ITU-R BS.1770, EBU R 128), and the gain that follows from it. Pure."""
