"""`videosnap drift`: compares what state records with what the clouds say, and writes nothing."""
