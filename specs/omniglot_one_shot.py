"""How often a run that learnt from `omniglot` errs in its 20 runs of one-shot classification.

`python omniglot_one_shot.py RUN`: of the 20 characters that each drawing is compared with, the one
whose pair has the highest score is the answer. Who guesses errs in 0.95 of the 400 cases.
"""

from __future__ import annotations

import sys

import numpy as np

import graphc as gc
from graphc.ops.sources import RUNS, WAYS


def one_shot_errors(scores: np.ndarray, same: np.ndarray) -> np.ndarray:
    """The share of wrong answers in each run, of the pairs in the order of the test split."""
    shape = (RUNS, WAYS, WAYS)
    answers, right = (each.reshape(shape).argmax(axis=2) for each in (scores, same))
    return (answers != right).mean(axis=1)


def main(path: str) -> None:
    """Print the error of the run at `path`."""
    run = gc.load_run(path)
    pairs = run.dataset().splits["test"]
    scores = run.predict({name: pairs[name] for name in ("first", "second")})
    errors = one_shot_errors(scores, pairs["same"])
    print(f"one-shot error {errors.mean():.4f}, by run {errors.min():.2f} to {errors.max():.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
