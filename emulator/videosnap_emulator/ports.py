"""Where the emulator listens: loopback sockets, remembered ports, the env file, the data directory's lock."""

from __future__ import annotations

import fcntl
import ipaddress
import json
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

_PORTS_FILE = "ports.json"
_LOCK_FILE = "lock"
#: The folder of the data directory that holds the objects.
STORE_FOLDER = "store"
_HIGHEST_PORT = 65_535


class StartError(Exception):
    """The emulator cannot start as configured; the text says why."""


def loopback(host: str) -> str:
    """Return `host` if it is this machine's loopback: the emulator's keys are public."""
    address = "127.0.0.1" if host == "localhost" else host
    try:
        inside = ipaddress.ip_address(address).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise StartError(
            f"--host {host}: only a loopback address is allowed, for the emulator's keys are public"
        )
    return address


def lock_folder(folder: Path) -> TextIO:
    """Take the data directory for this process; the kernel gives it back however the process ends."""
    try:
        (folder / STORE_FOLDER).mkdir(parents=True, exist_ok=True)
        file = (folder / _LOCK_FILE).open("a")
    except OSError as error:
        raise _unusable(Path(error.filename), error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StartError(f"{folder}: another emulator runs in this data directory") from None
    return file


def _unusable(path: Path, error: OSError) -> StartError:
    return StartError(f"{path}: {error.strerror}: choose a place that you may write to")


def remembered_ports(folder: Path | None) -> dict[str, int]:
    """Return the ports of the last run with this folder, so that clients' configuration stays valid.

    Raise StartError for a file that is not whole.
    """
    file = folder / _PORTS_FILE if folder else None
    if file is None or not file.exists():
        return {}
    try:
        stored = json.loads(file.read_text())
        if not all(type(port) is int and 0 < port <= _HIGHEST_PORT for port in stored.values()):
            raise ValueError("holds what is no port")
        return dict(stored)
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise StartError(f"{file}: {error}: delete it, and the ports will be other ones") from None


def remember_ports(folder: Path | None, ports: Mapping[str, int]) -> None:
    """Store the ports for the next run."""
    if folder:
        write_atomically(folder / _PORTS_FILE, json.dumps(dict(ports)))


def bind(host: str, wanted: int, remembered: int = 0) -> socket.socket:
    """Listen on the wanted port; without one on the remembered, if that is free, else on any."""
    if wanted:
        return _listen(host, wanted)
    if remembered:
        try:
            return _listen(host, remembered)
        except StartError:
            pass
    return _listen(host, 0)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only for sockets that name TCP; with it answers take 40 ms more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Without this a port stays taken for a minute after a kill.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener


def url(host: str, port: int) -> str:
    """Return a base URL."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def write_atomically(path: Path, text: str) -> None:
    """Write a file that only the owner may read; a reader sees all of it or none."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch(0o600, exist_ok=False)
        part.write_text(text)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise _unusable(path, error) from None


def write_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Write ``export NAME=value`` lines; the file's appearance says that the emulator is ready."""
    write_atomically(path, "".join(f"export {name}={value}\n" for name, value in values.items()))
