"""`videosnap review`: says what a change to a stack will do to its tasks, from the engine's own preview."""
