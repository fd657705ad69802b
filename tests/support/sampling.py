"""Which cases of a long matrix a run takes: all of them with --sweep, otherwise a sample that changes from
run to run and that the printed seed replays.
"""

import os
import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest

SEED_VARIABLE = "VIDEOSNAP_TEST_SEED"
Case = TypeVar("Case")
FEW = 4
"""So many marked tests always run: somebody who names a file or a test wants to see it run."""


@dataclass
class _Choice:
    sweep: bool = True
    seed: int = 0


_CHOICE = _Choice()
"""Set before any test module is imported, since modules choose their cases while they are imported."""


def sample(
    cases: Sequence[Case], share: float, by: Callable[[Case], Hashable] = lambda case: ""
) -> list[Case]:
    """A share of the cases in their order, at least one of each kind that `by` tells apart."""
    if _CHOICE.sweep:
        return list(cases)
    kinds: dict[Hashable, list[int]] = defaultdict(list)
    for number, case in enumerate(cases):
        kinds[by(case)].append(number)
    dice = random.Random(_CHOICE.seed)
    chosen = {
        number
        for numbers in kinds.values()
        for number in dice.sample(numbers, max(1, round(share * len(numbers))))
    }
    return [cases[number] for number in sorted(chosen)]


def examples(few: int, many: int) -> int:
    """How many examples a property is tried with: few in a sample, many in a sweep."""
    return many if _CHOICE.sweep else few


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("samples of long matrices")
    group.addoption("--sweep", action="store_true", help="run every matrix in full")
    group.addoption("--sample-seed", type=int, help=f"replay a sample (default: ${SEED_VARIABLE})")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Fix the seed once for this process, its xdist workers, which inherit the variable, and Hypothesis."""
    option = config.option
    if option.sample_seed is None:
        option.sample_seed = int(os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(10**6))
    os.environ[SEED_VARIABLE] = str(option.sample_seed)
    if option.hypothesis_seed is None:
        option.hypothesis_seed = str(option.sample_seed)
    _CHOICE.sweep, _CHOICE.seed = option.sweep, option.sample_seed


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for a sweep only, and nine tenths of the long stories that are marked `rotating`."""
    if not _CHOICE.sweep and len(items) > FEW * 2:
        _leave_out(config, items, {item.nodeid for item in items if item.get_closest_marker("sweep")})
    marked = sorted(item.nodeid for item in items if item.get_closest_marker("rotating"))
    if _CHOICE.sweep or len(marked) <= FEW:
        return
    _leave_out(config, items, set(random.Random(_CHOICE.seed).sample(marked, 9 * len(marked) // 10)))


def _leave_out(config: pytest.Config, items: list[pytest.Item], names: set[str]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in names])
    items[:] = [item for item in items if item.nodeid not in names]


def pytest_report_header(config: pytest.Config) -> str:
    seed = config.option.sample_seed
    if config.option.sweep:
        return f"sweep: every matrix in full, seed {seed}"
    return f"sample: seed {seed}; replay with --sample-seed={seed}, run everything with --sweep"
