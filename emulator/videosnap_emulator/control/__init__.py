"""The control API and the page: what tests and people use to look into the emulator and to change it."""
