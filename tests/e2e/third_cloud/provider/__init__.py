"""Acme Cameras: recorders that take a frame of a camera every few seconds. A cloud of the tests alone."""
