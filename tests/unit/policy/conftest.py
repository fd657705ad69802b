"""Lets tests import the pack's rules as `policy.rules`; its declarations need an environment of their own."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[3])
if ROOT not in sys.path:
    sys.path.append(ROOT)
