"""Provides a real Pulumi CLI where none is installed: `python3 -m engine`, from the root of the checkout."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - this runs with whatever python3 the machine has
    sys.exit("engine: this Python is too old. Next step: put Python 3.10 or newer first on PATH.")
