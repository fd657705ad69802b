"""The default name of an object that the service names: `<project>-<stack>-<name>`, within its limits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from pulumi_videosnap.core.lifecycle import Context


def default_name(context: Context, name: object, kind: str, fit: Callable[[str], str]) -> object:
    """The name to use: the program's own choice, or the default of the resource class, made to fit.

    Pulumi makes a name unique only beside its type and its parents' types, so these decide too
    (`Context.unique_name`). A recorded default stays.
    """
    stack, project, _, own = (*context.resource.removeprefix("urn:pulumi:").split("::", 3), "", "", "")[:4]
    if not context.resource or name != f"{project}-{stack}-{own}":
        return name
    recorded = context.recorded.get("name")
    if isinstance(recorded, str) and recorded.startswith(f"{fit(f'{project}-{stack}')}-"):
        return recorded
    with_dots = f"{project}.{stack}.{own}"
    unique = str(context.unique_name(with_dots, None, kind))
    return fit(f"{name}{unique.removeprefix(with_dots)}")


def shorten(name: str, limit: int) -> str:
    """A name of at most so many bytes; one that is cut ends in a digest of the whole."""
    content = name.encode()
    if len(content) <= limit:
        return name
    digest = hashlib.sha256(content).hexdigest()[:8]
    return f"{content[: limit - 9].decode(errors='ignore')}-{digest}"
