"""Features: how a track sounds, in figures that recommendations can compare. Pure, and a stream: memory is bounded."""
