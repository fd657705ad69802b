"""Puts objects into a store until it is killed; each body has the turn that is in its metadata."""

import sys
from datetime import datetime, timezone
from pathlib import Path

from videosnap_emulator.storage.store import Store

store = Store.open(Path(sys.argv[1]), [])
for turn in range(10**9):
    body = str(turn).encode() * 5000
    store.put("frames", f"k{turn % 7}", body, "text/plain", {"turn": str(turn)}, datetime.now(timezone.utc))
    print(turn, flush=True)
