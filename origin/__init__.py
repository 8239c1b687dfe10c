"""The packaging origin: stored track files in, signed HLS and DASH out, one copy for both."""
