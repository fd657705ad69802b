"""The emulated services: the one place that names them. A new one is a folder here and a line below."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from videosnap_emulator.core.service import Service
from videosnap_emulator.services.mps.api import MpsService
from videosnap_emulator.services.rtc.api import RtcService
from videosnap_emulator.services.rtc.byteplus import BytePlusService

SERVICES: tuple[type[Service[Any]], ...] = (RtcService, BytePlusService, MpsService)


def load_services(more: Iterable[str] = ()) -> list[type[Service[Any]]]:
    """Return the service classes: `SERVICES`, then `more` by their names, ``module:Class``.

    Raises ValueError for a name that leads to no service.
    """
    return [*SERVICES, *(_load(name) for name in more)]


def _load(name: str) -> type[Service[Any]]:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"--service {name}: {error}") from error
    if not isinstance(found, type) or not issubclass(found, Service):
        raise ValueError(f"--service {name}: not a subclass of Service")
    return found
