"""Operations built and called as emitted source would, and the strict flags of JAX."""

import jax
import pytest

import graphc.ops
from graphc.testing import forms

assert graphc.ops


@pytest.fixture(autouse=True, scope="module")
def strict():
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        yield


@pytest.fixture(scope="module")
def quick_compile():
    """Many programs that run once: compiling them well takes longer than it saves."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture(scope="session")
def flax_form():
    """Builds and calls operations as emitted source would."""
    return forms
