"""Networks over sequences, made of a few lines."""

import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc.core.span import Source

sys.path.insert(0, str(Path(__file__).parent))


class Compiled:
    """A network with weights drawn by `seed`, all of them away from 0."""

    def __init__(self, text, seed=0, **options):
        self.model = gc.compile(Source("test", f"graphc: 1\n{text}"), **options)
        self.module = self.model.module()
        model = self.module.build(jax.random.key(seed))
        _, params, rest = nnx.split(model, nnx.Param, ...)
        self.params, self.frozen = nnx.to_pure_dict(params), nnx.to_pure_dict(rest)
        draw = np.random.default_rng(seed)
        self.params = jax.tree.map(
            lambda each: each + draw.normal(0, 0.1, each.shape).astype(np.float32), self.params
        )

    def __call__(self, params=None, **batch):
        forward = self.module.forward
        return forward(self.params if params is None else params, self.frozen, batch)[0]

    @property
    def weights(self):
        """The arrays by their paths in the spec."""
        return self.by_path(self.params, self.frozen)

    def by_path(self, *trees):
        """Arrays like those of the program by the paths in the spec."""
        leaves = [leaf for tree in trees for leaf in jax.tree_util.tree_flatten_with_path(tree)[0]]
        stored = {
            "/".join(jax.tree_util.keystr((key,), simple=True) for key in path): np.asarray(leaf)
            for path, leaf in leaves
        }
        return self.model.compiled.weights.split(stored)


@pytest.fixture
def compiled():
    return Compiled


@pytest.fixture
def sequences():
    """Numbers [4, 9, 6]."""
    return np.random.default_rng(1).normal(size=(4, 9, 6)).astype(np.float32)
