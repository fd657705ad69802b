"""``python -m videosnap_emulator``."""

import sys

from videosnap_emulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
