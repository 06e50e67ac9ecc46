"""Values that are likely to be good, after what earlier trials came to: by optuna."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

from graphc.ops.search import Range, Search, Setting
from graphc.plan.sampling import Draw, worth_writing
from graphc.runtime.errors import fail
from graphc.runtime.ledger import Trial


def require_optuna() -> Any:
    """The package; raises RunError GC623 where it is missing."""
    try:
        import optuna
    except ImportError as error:
        help = "`pip install graphc[optuna]`, or write `method: random`"
        raise fail("GC623", "a `bayesian` search needs the package optuna", help) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def suggested(search: Search, number: int, before: Sequence[Trial], maximize: bool) -> Draw:
    """What a trial should try: it depends on the seed, its number and the first rounds before it.

    Raises:
        RunError: GC623 where optuna is missing.

    References: Bergstra et al., "Algorithms for hyper-parameter optimization", 2011 (the
    tree-structured Parzen estimator of optuna).
    """
    optuna = require_optuna()
    kinds = {each.path.text: _distribution(optuna, each) for each in search.over}
    seed = Random(f"{search.seed}/{number}").getrandbits(31)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed),
        direction="maximize" if maximize else "minimize",
    )
    for each in before:
        params = dict(zip(kinds, each.draw, strict=True))
        value = each.scores[0] if each.scores else -math.inf if maximize else math.inf
        study.add_trial(optuna.trial.create_trial(params=params, distributions=kinds, value=value))
    params = study.ask(kinds).params
    return tuple(
        worth_writing(params[each.path.text], each.values)
        if isinstance(each.values, Range)
        else params[each.path.text]
        for each in search.over
    )


def _distribution(optuna: Any, setting: Setting) -> Any:
    values = setting.values
    if not isinstance(values, Range):
        return optuna.distributions.CategoricalDistribution(tuple(range(len(values))))
    low, high = values.bounds
    if values.whole:
        return optuna.distributions.IntDistribution(low, high, log=values.log is not None)
    return optuna.distributions.FloatDistribution(low, high, log=values.log is not None)
