"""What is said of a graph that a run predicts on, and did not learn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic
from graphc.data.dataset import Form
from graphc.data.graphs import edges_gone, repeats
from graphc.runtime.errors import fail


def require_directed(given: Any, form: Form) -> None:
    """Raise RunError GC614 where edges that say whether they lead one way differ from the run's."""
    if given is not None and bool(np.all(given)) != form.directed:
        words = ("both ways", "one way") if form.directed else ("one way", "both ways")
        message = f"the edges of this graph lead {words[0]}, and those of the run {words[1]}"
        raise fail("GC614", message, None)


def left_out(inputs: Any, form: Form) -> Diagnostic | None:
    """A warning where edges that are given will not be there, or None.

    Args:
        inputs: what is predicted on, with `edges` [2, any], or one such for each graph.
        form: that of the data of the run.
    """
    given: Any = inputs.get("edges") if isinstance(inputs, Mapping) else None
    if given is None:
        return None
    each = [np.asarray(part) for part in given]  # of a single graph its two rows, else graphs
    several = [np.stack(each)] if each and each[0].ndim == 1 else each
    loops = sum(int((pairs[0] == pairs[1]).sum()) for pairs in several)
    again = sum(_again(pairs, form.directed) for pairs in several)
    gone = edges_gone({"repeated": again, "loops": loops})
    if gone is None:
        return None
    return Diagnostic("GC614", f"edges are left out of `edges`: {gone}", severity="warning")


def _again(pairs: np.ndarray, directed: bool) -> int:
    if not directed:
        return repeats(pairs)
    apart = pairs[:, pairs[0] != pairs[1]]
    return apart.shape[1] - np.unique(apart, axis=1).shape[1]
