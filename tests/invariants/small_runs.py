"""Short runs of a network with all that could make two runs differ.

Run as a script, `small_runs.py FOLDER STEPS_PER_DISPATCH STEP`, it trains and kills itself after a
step.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import graphc as gc
from graphc.compiler import with_examples
from graphc.core.span import Source
from graphc.data.load import load
from graphc.runtime import checkpoint, events
from graphc.runtime.blueprint import blueprint_of, settings_of
from graphc.runtime.keeper import checkpoints
from graphc.runtime.train import train

# Thirteen layers are a loop on a CPU, in a process of their own as in one of the tests.
SPEC = """
network:
  inputs: {image: [8, 8, 1]}
  layers:
    - flatten
    - dense: 12
    - repeat: {times: 13, layers: [{dense: 12}, batch_norm, tanh, {dropout: 0.2}]}
      name: tower
    - dense: 10
data: digits
train:
  loss: cross_entropy
  metrics: [accuracy, mean_iou]
  optimizer: {adam: 1e-2}
  epochs: 3
  batch_size: 200
  seed: 7
"""


def run(
    folder: Path,
    steps_per_dispatch: int = 1,
    *,
    resume: bool = False,
    report: Callable[[Any], None] = lambda event: None,
    spec: str = SPEC,
    **settings: Any,
) -> dict[str, Any]:
    """Train into a folder, with a checkpoint after every fifth step; gives the result."""
    given = [f"train.steps_per_dispatch={steps_per_dispatch}"]
    compiled = gc.compile(Source("run.yaml", spec), given, device="cpu").compiled
    dataset = load(compiled.checked.document.data, ".")
    examples = dataset.count("train")
    compiled = with_examples(compiled, examples)
    changed = {"checkpoint_steps": 5, "checkpoint_seconds": 0.0, **settings}
    chosen = replace(settings_of(compiled, examples), cache=False, **changed)
    return train(blueprint_of(compiled), dataset, chosen, folder, resume=resume, report=report)


def what_is_left(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The arrays of the last checkpoint by the spec's paths, and the epochs without times."""
    arrays = checkpoint.read(checkpoints(folder / "checkpoints")[-1]).arrays
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    epochs = [line for line in lines if line["event"] == "epoch"]
    timed = ("seconds", "examples_per_second")
    return arrays, [{k: v for k, v in line.items() if k not in timed} for line in epochs]


def kill_after(step: int) -> Callable[[Any], None]:
    """A reporter that ends the process as a power cut would, once so many steps are done."""

    def report(event: Any) -> None:
        if isinstance(event, events.Progress) and event.position.step >= step:
            os.kill(os.getpid(), signal.SIGKILL)

    return report


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]), report=kill_after(int(sys.argv[3])))
