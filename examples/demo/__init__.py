"""`make demo`: both resources from start to end, offline, with the real engine and real frames."""
