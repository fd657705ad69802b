"""How a call that failed reaches the engine: one line, and what exists although it failed."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc

from pulumi_videosnap.core.properties import Path
from pulumi_videosnap.errors import VideosnapError, debugging, unexpected
from pulumi_videosnap.native.values import to_struct
from pulumi_videosnap.plugin.init_errors import CODE, record_as_failed
from pulumi_videosnap.plugin.run import RUN

Values = Mapping[str, Any]


@dataclass
class Failing:
    """What an error of one call is answered with."""

    urn: str = ""
    inputs: Values = field(default_factory=dict)
    secrets: Collection[Path] = ()
    """Paths of the values that the engine is to mark in what it records."""
    existing: tuple[str, Values] | None = None
    """The id and the outputs of a task that exists: the engine records it, and the next `up` goes on."""

    def note(self, id_: str, outputs: Values) -> None:
        """Note a task that exists, whatever becomes of the call from here on."""
        self.existing = (id_, outputs)


class Unfinished(VideosnapError):
    """The task that was noted has not reached the state that was waited for."""


@contextlib.contextmanager
def one_line_errors(context: grpc.ServicerContext, failing: Failing | None = None) -> Iterator[None]:
    """Answer every error with one sentence."""
    failing = failing or Failing()
    try:
        yield
    except Exception as error:
        is_ours = isinstance(error, VideosnapError)
        text = RUN.shown(failing.urn, str(error)) if is_ours else unexpected(error)
        if failing.existing:
            _fail_with(context, text, failing, *failing.existing)
        _abort(context, grpc.StatusCode.FAILED_PRECONDITION if is_ours else grpc.StatusCode.INTERNAL, text)


def _fail_with(
    context: grpc.ServicerContext, reason: str, failing: Failing, id_: str, outputs: Values
) -> NoReturn:
    properties, inputs = (to_struct(block, failing.secrets) for block in (outputs, failing.inputs))
    record_as_failed(context, id_, properties, inputs, reason)
    _abort(context, CODE, reason)


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, text: str) -> NoReturn:
    context.abort(code, f"{traceback.format_exc()}\n{text}" if debugging() else text)
    raise AssertionError  # abort raises
