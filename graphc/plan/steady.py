"""The updates of a spec without what belongs to a whole run: for a look at one batch."""

from __future__ import annotations

from dataclasses import replace

from graphc.ops.optimizers import Optimizer
from graphc.ops.rates import Schedule
from graphc.plan.plan import Objective


def steady(objective: Objective) -> Objective:
    """The same rules with the largest rate of each schedule throughout.

    The batch is gone through at once, whole and unmixed, without a moving average, which is slow.
    """
    own = objective.update
    groups = tuple((pattern, rule and _steady(rule)) for pattern, rule in own.groups)
    update = replace(own, groups=groups, delays=(), parts=1, average=None, mixup=None)
    update = replace(update, truncate=None, neighbours=None)
    return replace(objective, optimizer=_steady(objective.optimizer), update=update)


def _steady(optimizer: Optimizer) -> Optimizer:
    rate = getattr(optimizer, "learning_rate", None)
    if not isinstance(rate, Schedule):
        return optimizer
    return replace(optimizer, **{"learning_rate": rate.largest})
