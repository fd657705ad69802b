"""The run of the engine that a plugin process serves: what it declares, its configuration, its state."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path as File
from typing import Any, NoReturn

from pulumi_videosnap.core import pending
from pulumi_videosnap.core.encrypted import secret_paths
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.properties import Path, Properties, camel_path, texts_in, value_at
from pulumi_videosnap.core.run_registry import Entry, RunRegistry
from pulumi_videosnap.core.urns import stack_name
from pulumi_videosnap.errors import CallFailed, Interrupted, VideosnapError
from pulumi_videosnap.plugin import engine_log
from pulumi_videosnap.plugin.program import is_announced
from pulumi_videosnap.pulumi_cli import parse_document, read_output
from pulumi_videosnap.redaction import mask_values
from pulumi_videosnap.settings import SECRET, Lookup, no_config

FINISH_WITHIN = 2.0
"""Seconds that creations have to finish when the engine is gone; no next run creates anything so soon."""
ENDS_WITHIN = 10.0
"""Seconds that a creation waits for the process of a run whose engine was killed."""
CHECKED_WITHIN = 3.0
"""Seconds that a delete waits for the check of another resource that has the task."""


class Run:
    """One run of the engine; `serves` is whether this process is its plugin, not a user's program."""

    def __init__(self) -> None:
        self.serves = False
        self.config: Lookup = no_config
        self._registry = RunRegistry()
        self._reading = threading.Lock()
        self._recorded: Sequence[Entry] | None = None
        self._cancelled = threading.Event()
        self._secrets: dict[str, set[str]] = defaultdict(set)
        self.spell: Callable[[str], str] = str
        """Writes the names in a message as the program does."""
        self._creations = threading.Condition()
        self._creating = 0
        self._engine_is_gone = False
        self._made: dict[str, Callable[[], None]] = {}
        self._notes: dict[str, pending.Note] = {}
        self._answered: set[str] = set()

    def set_state_id(self, state_id: str) -> None:
        """Note what tells this stack's state from that of a stack of the same names in another backend."""
        self._registry.state_id = state_id

    def note_secrets(self, urn: str, properties: Properties, paths: Iterable[Path]) -> None:
        """Note the values of a resource at some paths, which no message about it repeats."""
        self._secrets[urn].update(text for path in paths for text in texts_in(value_at(properties, path)))

    def note_recorded_secrets(self, urn: str, properties: Properties) -> None:
        """Note the values that the stack's state has as secrets; it is read for this."""
        for entry in self._entries(urn):
            if entry.resource == urn:
                self.note_secrets(urn, properties, secret_paths(entry.outputs))

    def shown(self, urn: str, text: str) -> str:
        """A message about a resource: without its secrets, in the program's spelling."""
        return self.spell(mask_values(text, self._secrets[urn], SECRET))

    def compare(self, id_: str, urn: str) -> None:
        """Note that a resource of the program has an entry of state with an id."""
        self._registry.compare(id_, urn)

    def cancel(self) -> None:
        """End every wait, now and from now on."""
        self._cancelled.set()

    def context(
        self, urn: str, *, recorded: Properties | None = None, deleted: str = "", **details: Any
    ) -> Context:
        """What a lifecycle gets for one call with its `details`; `deleted` is the id that a delete is for."""
        entries = partial(self._entries, urn)
        return Context(
            resource=self._registry.renamed(deleted, urn, entries) if deleted else urn,
            entry=urn,
            progress=lambda text: engine_log.progress(urn, self.shown(urn, text)),
            warn=lambda text: self.warn(urn, text),
            config=self.config,
            runs=self._registry,
            recorded=recorded or {},
            entries=entries,
            is_announced=self._is_announced,
            is_moved=lambda task: is_announced(f"{task} {urn}"),
            sleep=self.sleep,
            made=lambda end: self._made.update({urn: end}),
            note_creation=partial(self._note, urn),
            **details,
        )

    def _note(self, urn: str, token: str, identity: Properties) -> None:
        if urn:
            secrets = self._secrets[urn]
            secret = [name for name, value in identity.items() if not secrets.isdisjoint(texts_in(value))]
            self._notes[urn] = pending.Note(urn, token, identity, self._registry.state_id, secret=secret)
            self._notes[urn].write()

    def warn(self, urn: str, text: str) -> None:
        """Show what the user should still see at the end of the run."""
        engine_log.warn(urn, self.shown(urn, text))

    def warn_of_ignored(self, urn: str, paths: Iterable[str]) -> None:
        """Warn of paths of `ignore_changes` in Python's spelling, which the engine does not find."""
        for path in paths:
            if path != camel_path(path):  # as in a transform; a Python program translates a resource's own
                self.warn(urn, f"ignore_changes: {path!r} has no effect; write {camel_path(path)!r}")

    def sleep(self, seconds: float) -> None:
        """Wait; Interrupted as soon as the engine is told to stop."""
        if self._cancelled.wait(seconds):
            raise Interrupted

    @contextlib.contextmanager
    def creating(self, urn: str, when_answered: Callable[[Callable[[], None]], object]) -> Iterator[None]:
        """A creation, which the end of this process waits for; Interrupted where nobody can record it.

        Its note goes when the engine has the answer (`when_answered` calls back then), or at once where
        nothing was made.
        """
        with self._count_creation():
            earlier = self._take_over(urn)
            try:
                yield
            except VideosnapError as failed:
                if not _may_have_made(failed):
                    withdraw = partial(self._withdraw, urn, earlier)
                    when_answered(withdraw) if urn in self._made else withdraw()
                raise
            when_answered(lambda: self._forget(urn))

    def _take_over(self, urn: str) -> pending.Note | None:
        """The note that an earlier run has left; waits while its process ends what it made."""
        earlier, deadline = pending.take_over(urn), time.monotonic() + ENDS_WITHIN
        while pending.is_claimed(urn) and time.monotonic() < deadline:
            engine_log.progress(urn, "an earlier run ends what it had begun")
            self.sleep(0.1)
        return earlier

    def _withdraw(self, urn: str, earlier: pending.Note | None) -> None:
        """Remove the note of a creation that failed; what an earlier run made is there all the same."""
        self._notes.pop(urn, None)
        self._forget(urn)
        if earlier:
            earlier.write()

    def _forget(self, urn: str) -> None:
        """Remove a note; where the engine is gone, it may have recorded nothing."""
        with self._creations:
            self._answered.add(urn)
            if not self._engine_is_gone:
                pending.forget(urn)

    @contextlib.contextmanager
    def _count_creation(self) -> Iterator[None]:
        with self._creations:
            if self._engine_is_gone:
                raise Interrupted
            self._creating += 1
        try:
            yield
        finally:
            with self._creations:
                self._creating -= 1
                self._creations.notify_all()

    def end_without_engine(self) -> NoReturn:
        """End this process; what it made, and the engine that is gone has not recorded, is ended before."""
        with self._creations:
            self._engine_is_gone = True
            self.cancel()
            for urn in self._answered & self._notes.keys():
                self._notes[urn].write()  # the engine may not have recorded the answer
            self._creations.wait_for(lambda: not self._creating, FINISH_WITHIN)
        entries = _read_entries(next(iter(self._notes))) if self._notes else ()
        recorded = {entry.resource for entry in entries}
        for urn, note in self._notes.items():
            if urn in (recorded or self._answered):  # state that cannot be read may have all
                pending.forget(urn)
            elif recorded and urn in self._made and note.claim():
                with contextlib.suppress(Exception):
                    self._made[urn]()
                    pending.forget(urn)
        os._exit(1)

    def _entries(self, urn: str) -> Sequence[Entry]:
        """The state of the stack that a URN is of, read once: a destroy or `--target` checks nothing."""
        with self._reading:
            if self._recorded is None:
                self._recorded = _read_entries(urn) if self.serves else ()
            return self._recorded

    def _is_announced(self, task: str) -> bool:
        """Whether the program declares a task; it declares all at once, so each is soon checked, if ever."""
        announced = is_announced(task)
        deadline = time.monotonic() + CHECKED_WITHIN
        while announced and task not in self._registry.declared() and time.monotonic() < deadline:
            time.sleep(0.05)
        return announced


RUN = Run()
"""The run that this process serves; it serves one."""


def _may_have_made(failed: VideosnapError) -> bool:
    """Whether a creation that failed may have had its effect; what a failure records is in state."""
    return isinstance(failed, Interrupted) or (isinstance(failed, CallFailed) and failed.may_have_acted)


def _read_entries(urn: str) -> Sequence[Entry]:
    """The entries of a stack's state; none where the engine does not print it."""
    stack = stack_name(urn)
    try:
        state = parse_document(read_output(["stack", "export", "--stack", stack], File()))
        resources = state["deployment"].get("resources") or []
        there = (one for one in resources if not one.get("pendingReplacement"))  # that one was deleted
        return [Entry(one["urn"], one.get("id", ""), one.get("outputs") or {}) for one in there]
    except (VideosnapError, ValueError, KeyError):
        return ()
