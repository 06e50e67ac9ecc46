"""Sequences: cycles over their steps."""

import jax
import jax.numpy as jnp


def over_time(step, now, before, constants=(), *, give=1, reverse=False):
    """The values of a cycle at every step, arrays [batch, time, ...].

    `step(*now, *constants, *before)` gives what is asked for (`give` values) and last the carried
    values, which the next step is given as `before`.
    """
    def one(before, now):
        after = step(*now, *constants, *before)
        after = after if isinstance(after, tuple) else (after,)
        return after[-len(before) :], after[:give]

    now = [jnp.swapaxes(each, 0, 1) for each in now]
    _, after = jax.lax.scan(one, tuple(before), now, reverse=reverse)
    after = tuple(jnp.swapaxes(each, 0, 1) for each in after)
    return after[0] if give == 1 else after


def shift(x, begin, offset):
    """The steps of `x` [batch, time, ...] moved by `offset`; `begin` [batch, ...] fills the rest."""
    steps = min(abs(offset), x.shape[1])
    filled = jnp.broadcast_to(begin[:, None], (len(x), steps, *x.shape[2:]))
    if offset < 0:
        return jnp.concatenate([filled, x[:, : x.shape[1] - steps]], axis=1)
    return jnp.concatenate([x[:, steps:], filled], axis=1)
