"""Act four, examples/yaml: a task and a job without a program, through the plugin, from start to end."""

from __future__ import annotations

import os
import shutil

from examples.demo.emulator import Cloud
from examples.demo.engine import Pulumi
from examples.demo.screen import ROOT, changes, count, nothing, outcome, row_of, say, step, title

HOST = "pulumi-language-yaml"


def run(cloud: Cloud) -> None:
    """The life of both resources, if the CLI has the host of YAML programs."""
    path = os.pathsep.join([str(ROOT / ".engine" / "bin"), os.environ["PATH"]])
    if not shutil.which(HOST, path=path):
        step("The same in YAML, TypeScript and Go: see docs/plugin.md. `make yaml demo` has an act in YAML.")
        return
    title("Act four: both in YAML, without a program")
    pulumi = Pulumi(cloud, ROOT / "examples" / "yaml")
    pulumi.make_stack()
    step("A task and a job, declared in Pulumi.yaml. The engine starts the plugin of this environment:")
    pulumi("up", "--yes", "--skip-preview", show=outcome)

    step("A frame every seven seconds instead of five, which is an update in place:")
    pulumi("config", "set", "interval", "7", show=nothing)
    pulumi("preview", "--diff", show=changes)
    pulumi("up", "--yes", "--skip-preview", show=count)

    step("Act four ends:")
    pulumi("destroy", "--yes", "--skip-preview", show=row_of("lobby"))
    say("The same in TypeScript and Go: examples/typescript, examples/go; how: docs/plugin.md.")
