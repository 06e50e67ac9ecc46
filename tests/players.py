"""Small networks with several objectives over iris: what their tests share."""

import jax.numpy as jnp
import numpy as np

import graphc as gc
from graphc.core.span import Source


def module_of(text, *settings):
    """The module of a spec."""
    return gc.compile(Source("players.yaml", text), settings).module()


def batch_of(rows=16, there=None, seed=0):
    """Flowers with their labels, of which the first ones are there."""
    draw = np.random.default_rng(seed)
    features = draw.normal(1.0, 2.0, size=(rows, 4)).astype(np.float32)
    label = draw.integers(0, 3, rows).astype(np.int32)
    mask = jnp.arange(rows) < (rows if there is None else there)
    return {"features": jnp.asarray(features), "label": jnp.asarray(label), "mask": mask}


def dense(params, x):
    """Two dense layers with tanh between them, written by hand."""
    x = jnp.tanh(x @ params["dense"]["kernel"] + params["dense"]["bias"][None])
    return x @ params["dense_2"]["kernel"] + params["dense_2"]["bias"][None]
