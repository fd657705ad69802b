"""`python -m pulumi_videosnap.cli`: the command without its console script."""

import sys

from pulumi_videosnap.cli import main

sys.exit(main())
