"""The HTTP front of every service: one request parsed once, verified, limited, run, rendered."""
