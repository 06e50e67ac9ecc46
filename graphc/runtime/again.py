"""The step that a run stopped over, looked at once more."""

from __future__ import annotations

import json

import numpy as np

from graphc.core.diagnostic import Diagnostic
from graphc.data.dataset import Dataset
from graphc.runtime.course import course_of
from graphc.runtime.errors import fail
from graphc.runtime.events import NotFinite, Position, Snapshot
from graphc.runtime.keeper import load_last
from graphc.runtime.module import import_module, require_training
from graphc.runtime.replay import RECORD, explain
from graphc.runtime.restore import restore_state
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.settings import Settings
from graphc.runtime.state import state_shapes
from graphc.runtime.use import Warn


def require_stopped(run: RunDirectory) -> dict:
    """What is known of the step that is not finite; raises RunError GC624 where there is none."""
    try:
        return json.loads((run.path / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        message = f"the run in `{run.path}` did not stop over numbers that are not finite"
        raise fail("GC624", message, "only such a run has a step to repeat") from None


def replay(run: RunDirectory, dataset: Dataset, warn: Warn) -> Diagnostic:
    """The diagnosis of the step that a run stopped over (GC601).

    Raises:
        RunError: GC624 where it did not stop so, or the state before that step is lost.
    """
    record = require_stopped(run)
    module = require_training(import_module(run.model, run.blueprint.files))
    found = load_last(run.checkpoints, warn)
    if found is None or found.about["position"]["step"] != record["step"]:
        message = f"the state before step {record['step']} is lost"
        raise fail("GC624", message, "resume the run: it comes to that step again")
    state = restore_state(found, state_shapes(module), run.blueprint.weights, run.path)
    snapshot = Snapshot(Position(**found.about["position"]), state, {})
    event = NotFinite(snapshot, np.asarray(record["rows"], np.int32))
    return explain(
        module, event, course_of(dataset, Settings.from_dict(run.settings)), run.blueprint
    )
