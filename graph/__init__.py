"""The GraphQL API: one schema over accounts, catalogue, uploads, search, playback and what is playing now."""
