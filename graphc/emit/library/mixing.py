"""Batches whose examples are mixed with one another."""

import jax
import jax.numpy as jnp


def mixup(batch, fields, alpha, key):
    """The batch with its fields [rows, ...] mixed with those of other rows; these; what is kept.

    The share that a row keeps of itself is drawn from Beta(alpha, alpha), one for all rows. Rows
    that pad the batch stay apart from the others, whose partners are all of them in another order.
    """
    rows = len(batch[fields[0]])
    there = batch.get("mask", jnp.ones(rows, bool))
    order_key, share_key = jax.random.split(key)
    order = jnp.argsort(jnp.where(there, jax.random.uniform(order_key, (rows,)), 1.0))
    partners = jnp.zeros(rows, order.dtype).at[jnp.argsort(~there)].set(order)
    others = {name: values[partners] for name, values in batch.items()}
    share = jax.random.beta(share_key, alpha, alpha)
    mixed = {name: share * batch[name] + (1 - share) * others[name] for name in fields}
    return batch | mixed, others, share
