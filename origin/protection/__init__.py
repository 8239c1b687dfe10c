"""Protection: encryption of stored media on the way out, the keys for it, and what manifests say of both."""
