"""`videosnap drift`: holds what state records of tasks against what the clouds say, and writes nothing."""
