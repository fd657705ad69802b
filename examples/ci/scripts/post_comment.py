"""Write a review as a comment on the change request, or into the comment that an earlier run wrote.

python3 -m ci.post_comment review.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from .forge import here, log_of_this_job, needed, run, starting_with, text_of

NO_REVIEW = """\
### videosnap review: there is none

The preview failed before it began, so nothing is known of this change. The job's log says why: {log}"""


def main(file: str) -> str:
    """Write the comment; returns what was done."""
    marker = marker_of(needed("PULUMI_STACK"))
    body = body_of(text_of(Path(file)), marker)
    forge = here()
    earlier = starting_with(marker, forge.comments())
    if earlier is None:
        forge.add_comment(body)
        return "wrote a comment"
    forge.change_comment(earlier.number, body)
    return f"updated the comment {earlier.number}"


def marker_of(stack: str) -> str:
    """The hidden first line by which a later run finds its comment; ORG/PROJECT/STACK is told by its end."""
    return f"<!-- videosnap review: {stack.rpartition('/')[2]} -->"


def body_of(review: str, marker: str) -> str:
    """The review below our marker: one of a preview that failed early names no stack in its own."""
    report = review.partition("\n")[2].strip() or NO_REVIEW.format(log=log_of_this_job())
    return f"{marker}\n\n{report}\n"


if __name__ == "__main__":
    sys.exit(run(main, "what `videosnap review --markdown` wrote"))
