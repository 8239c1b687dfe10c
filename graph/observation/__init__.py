"""What the graph process tells of its operations: figures, traces, and which of them were slow."""
