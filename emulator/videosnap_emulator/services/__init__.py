"""The emulated services, one folder each."""
