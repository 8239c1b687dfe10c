"""What a process tells of itself: metrics that are fetched, and traces that are sent."""
