"""Each program of a run is compiled once, and none while the run goes on."""

import logging
import re
from collections import Counter

import jax
import pytest
import small_runs

from graphc.runtime import events

SPEC = small_runs.SPEC.replace("repeat: {times: 4, layers:", "repeat: {times: 1, layers:")
COMPILED = re.compile(r"Finished XLA compilation of jit\((\w+)\)")


class Log(logging.Handler):
    """The names of the functions that JAX compiles."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.names = []

    def emit(self, record):
        self.names += COMPILED.findall(record.getMessage())


@pytest.fixture
def log():
    logger, handler = logging.getLogger("jax._src.dispatch"), Log()
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)
    logger.propagate = propagate


@pytest.mark.parametrize("length", [1, 5])
def test_a_run_with_a_ragged_last_batch_compiles_each_program_once(length, log, tmp_path):
    seen = []

    def report(event):
        seen.append((event, len(log.names)))

    jax.clear_caches()
    small_runs.run(tmp_path / "run", length, report=report, spec=SPEC, checkpoint_steps=4)
    step = "one" if length == 1 else "chunk"
    found = Counter(log.names)
    assert {name: found[name] for name in ("init", step, "evaluate_step")} == {
        "init": 1,
        step: 1,
        "evaluate_step": 1,
    }
    first = next(count for event, count in seen if isinstance(event, events.EpochEnded))
    last = next(count for event, count in seen if isinstance(event, events.Ended))
    assert log.names[first:last] == [], "compiled after the first epoch"
    rows = [event for event, _ in seen if isinstance(event, events.EpochEnded)]
    assert len(rows) == 3
    assert rows[0].examples % 200 != 0, "the last batch is not ragged"
