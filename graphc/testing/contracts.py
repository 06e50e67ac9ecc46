"""What every operation promises; each promise is a function of the operation and its samples."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

from graphc.core.operation import (
    AlongEdges,
    ChangesDomain,
    Operation,
    OverPairs,
    ShapeError,
    Stateful,
    Stochastic,
    StopsGradient,
)
from graphc.core.types import EDGES, NODES, Type, constant
from graphc.graph.tied import Tied, nameable
from graphc.ops.kernels import SpectralNorm
from graphc.testing import forms

DTYPES = {"float": jnp.float32, "int": jnp.int32, "bool": jnp.bool_}
STEP = 1e-6
few = settings(max_examples=12, derandomize=True, deadline=None, database=None)
fewer = settings(few, max_examples=3)
Samples = SearchStrategy


def _inferred(operation: Operation, types: list[Type]) -> tuple[Type, ...] | None:
    """The types of the outputs, or None where the sample does not fit."""
    try:
        found = operation.infer(*forms.given(types))
        return (found,) if isinstance(found, Type) else tuple(found.values())
    except ShapeError as error:
        assert "larger than its input" in error.message
        return None


def value_has_the_type_that_infer_says(kind: type[Operation], samples: Samples) -> None:
    """`infer` is what `jax.eval_shape` finds."""

    @few
    @given(samples)
    def check(sample):
        operation, types = sample
        promised = _inferred(operation, types)
        if promised is None:
            return

        def value(*arrays):
            module = forms.build(operation, types)
            found = forms.call(operation, types, arrays, module)
            return found if operation.ports else (found,)

        found = jax.eval_shape(value, *(forms.array(each) for each in forms.given(types)))
        if isinstance(found[0], int | float) or not types:
            return  # a Python number, which takes the type of what it meets
        for array, own in zip(found, promised, strict=True):
            sizes = (forms.SIZES[axis] for axis in own.domain)
            assert array.shape == (*sizes, *own.shape)
            assert array.dtype == DTYPES[own.dtype]

    check()


def module_has_the_weights_that_it_declares(kind: type[Operation], samples: Samples) -> None:
    """`weights` is the state of the module that `build` makes."""

    @few
    @given(samples)
    def check(sample):
        operation, types = sample
        if _inferred(operation, types) is None:
            return
        module = nnx.eval_shape(lambda: forms.build(operation, types))
        found = {
            path: (variable.get_value().shape, isinstance(variable, nnx.Param))
            for path, variable in forms.arrays(module).items()
        }
        weights = operation.weights(*forms.given(types))
        assert found == {
            name if each.stored is None else each.stored: (each.shape, each.trainable)
            for name, each in weights.items()
        }
        stateful = operation.trait(Stateful)
        still = {name for name, each in weights.items() if not (each.trainable or each.frozen)}
        promised = set(stateful.statistics if stateful else ())
        assert still == promised or (still < promised and stateful.given)

    check()


def gradients_are_the_numeric_ones(kind: type[Operation], samples: Samples) -> None:
    """With respect to weights and inputs: finite, and in float64 what a small step finds."""

    @fewer
    @given(samples)
    def check(sample):
        operation, types = sample
        promised = _inferred(operation, types)
        if promised is None or promised[0].dtype != "float" or not types:
            return
        if isinstance(getattr(operation, "kernel_norm", None), SpectralNorm):
            return  # its estimate counts as a constant, which a small step moves as well
        function, point = _differentiable(operation, types, promised)
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            slope = jax.jit(jax.value_and_grad(function))
            here, along = _double(point, 0), _double(point, 1)
            here[0] = _moved(here[0], _double(here[0], 2), 0.01)  # weights may start at a kink
            _, gradient = slope(here)
            assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradient))
            (after, _), (before, _) = (slope(_moved(here, along, by)) for by in (STEP, -STEP))
            found = sum(map(jnp.vdot, jax.tree.leaves(gradient), jax.tree.leaves(along)))
            expected = 0 if operation.trait(StopsGradient) else (after - before) / (2 * STEP)
            assert jnp.allclose(found, expected, rtol=1e-5, atol=1e-5)

    check()


def _differentiable(operation: Operation, types: list[Type], promised: tuple[Type, ...]):
    """A number from the float outputs, as a function of the weights and the float inputs."""
    module, own = forms.build(operation, types), forms.given(types)
    arrays = {i: forms.array(each, i) for i, each in enumerate(own)}
    chosen = {i: arrays[i] for i, each in enumerate(own) if each.dtype == "float"}
    for _, each in nnx.iter_modules(module or nnx.Dict()):
        if hasattr(each, "dtype"):
            each.dtype = None  # computes in the type of what it is given
    graphdef, params, rest = nnx.split(module or nnx.Dict(), nnx.Param, ...)

    def function(point):
        params, chosen = point
        layer = nnx.merge(graphdef, params, _double(nnx.as_pure(rest), 0)) if module else None
        found = forms.call(operation, types, list((arrays | chosen).values()), layer)
        outputs = zip(found if operation.ports else (found,), promised, strict=True)
        floats = [each for each, own in outputs if own.dtype == "float"]
        return sum(map(jnp.vdot, floats, _double(floats, 3)))

    return function, [nnx.as_pure(params), chosen]


def _double(tree, seed: int):
    """The floats in float64; for a seed other than 0 random ones like them."""
    draw = np.random.default_rng(seed).standard_normal

    def double(x):
        return jnp.asarray(draw(x.shape) if seed else x, jnp.float64)

    return jax.tree.map(lambda x: double(x) if jnp.isdtype(x.dtype, "real floating") else x, tree)


def _moved(tree, along, by: float):
    return jax.tree.map(lambda x, d: x + by * d, tree, along)


def presence_and_domain_of_the_inputs_are_kept(kind: type[Operation], samples: Samples) -> None:
    """A value varies over the axes that its inputs vary over."""

    @few
    @given(samples)
    def check(sample):
        operation, types = sample
        promised = _inferred(operation, types)
        if promised is None or kind.name == "shortcut":  # of `like` only the shape counts
            return
        inputs = forms.given(types)
        changed = operation.trait(ChangesDomain)
        if changed is not None:
            return
        axes = {axis for each in inputs for axis in each.domain}
        if NODES in axes:  # to which edges bring what they hold
            axes -= {EDGES}
        for own in promised:
            assert set(own.domain) == axes
            assert own.presence == frozenset().union(*(each.presence for each in inputs))

    check()


def weights_can_come_from_elsewhere(kind: type[Operation], samples: Samples) -> None:
    """A layer that is given its arrays computes what it does with its own, and makes none."""

    @fewer
    @given(samples)
    def check(sample):
        operation, types = sample
        if _inferred(operation, types) is None:
            return
        present = forms.given(types)
        weights = operation.weights(*present)
        places = {name: each.stored or name for name, each in nameable(weights).items()}
        inputs = [forms.array(each, seed) for seed, each in enumerate(present)]
        for some in {tuple(places), tuple(places)[:1]} - {()}:
            module = forms.build(operation, types)
            own = forms.arrays(module)
            arrays = [own[places[name]].get_value() for name in some]
            kinds = [constant(array.shape) for array in arrays]
            tied = Tied(operation, some)
            assert tied.infer(*present, *kinds) == operation.infer(*present)
            assert tied.weights(*present, *kinds).keys() == weights.keys() - {*some}
            rest = forms.build(tied, [*types, *kinds])
            assert forms.arrays(rest).keys() == own.keys() - {places[name] for name in some}
            found = forms.call(tied, [*types, *kinds], [*inputs, *arrays], rest)
            expected = forms.call(operation, types, inputs, module)
            close = functools.partial(jnp.allclose, equal_nan=True)
            assert jax.tree.all(jax.tree.map(close, found, expected))

    check()


def flops_are_counted_without_failing(kind: type[Operation], samples: Samples) -> None:
    """And are not negative."""

    @few
    @given(samples)
    def check(sample):
        operation, types = sample
        if _inferred(operation, types) is not None:
            assert operation.flops(*forms.given(types)) >= 0

    check()


def what_is_random_takes_a_key(kind: type[Operation], samples: Samples) -> None:
    """The trait Stochastic and the hole `$key` go together."""

    @few
    @given(samples)
    def check(sample):
        operation, types = sample
        if _inferred(operation, types) is not None and not operation.trait(Stochastic):
            assert not operation.call_code(*forms.given(types)).uses("key")

    check()


def what_goes_along_edges_says_so(kind: type[Operation], samples: Samples) -> None:
    """The trait AlongEdges and the hole `$graph` go together."""

    @few
    @given(samples)
    def check(sample):
        operation, types = sample
        if _inferred(operation, types) is not None:
            uses = operation.call_code(*forms.given(types)).uses("graph")
            assert uses == (operation.trait(AlongEdges) is not None)

    check()


def what_is_over_pairs_says_so(kind: type[Operation], samples: Samples) -> None:
    """The trait OverPairs and the hole `$pairs` go together."""

    @few
    @given(samples)
    def check(sample):
        operation, types = sample
        if _inferred(operation, types) is not None:
            uses = operation.call_code(*forms.given(types)).uses("pairs")
            assert uses == (operation.trait(OverPairs) is not None)

    check()


def declaration_is_documented(kind: type[Operation], samples: Samples) -> None:
    """A summary of its own and a help text for each attribute."""
    assert kind.summary() != kind.name
    assert not kind.summary().startswith(kind.__name__ + "(")
    assert all(each.help for each in kind.attributes())


CONTRACTS = (
    value_has_the_type_that_infer_says,
    module_has_the_weights_that_it_declares,
    gradients_are_the_numeric_ones,
    presence_and_domain_of_the_inputs_are_kept,
    weights_can_come_from_elsewhere,
    flops_are_counted_without_failing,
    what_is_random_takes_a_key,
    what_goes_along_edges_says_so,
    what_is_over_pairs_says_so,
    declaration_is_documented,
)
"""All of them."""


def check_operation(kind: type[Operation], samples: Samples) -> None:
    """Try every contract on samples of an operation.

    Args:
        kind: the class of the operation.
        samples: what `graphc.testing.of` makes.

    Raises:
        AssertionError: with the sample that breaks a contract, made as small as can be.
    """
    for contract in CONTRACTS:
        contract(kind, samples)
