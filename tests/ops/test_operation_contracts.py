"""Every operation keeps its contract: `infer` and `weights` say what the Flax form does."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

import graphc.ops
from graphc.core.operation import Elementwise, ShapeError, Stateful, Stochastic
from graphc.core.registry import operations
from graphc.core.types import BATCH, Axis, Type
from graphc.ops.initializers import Constant, GlorotUniform, HeNormal, LecunNormal, Orthogonal

assert graphc.ops

pytestmark = pytest.mark.usefixtures("quick_compile")
TIME, NODES = Axis("time", "time"), Axis("nodes", "nodes")
DOMAINS = [(), (BATCH,), (BATCH, TIME), (BATCH, NODES), (BATCH, TIME, NODES), (BATCH, NODES, TIME)]
DTYPES = {"float": jnp.float32, "int": jnp.int32, "bool": jnp.bool_}
few = settings(max_examples=12, derandomize=True, deadline=None, database=None)
fewer = settings(few, max_examples=3)

sizes = st.integers(1, 4)
shapes = st.lists(sizes, min_size=0, max_size=3).map(tuple)
featured = st.lists(sizes, min_size=1, max_size=3).map(tuple)
images = st.tuples(st.integers(3, 7), st.integers(3, 7), sizes)
windows = st.one_of(sizes, st.tuples(sizes, sizes)).map(lambda n: (n, n) if type(n) is int else n)
paddings = st.sampled_from(["same", "valid"])
initials = st.sampled_from(
    [LecunNormal(), HeNormal(), GlorotUniform(), Orthogonal(), Constant(0.5)]
)
activations = st.sampled_from(
    [None, *(each() for each in operations if each.trait(Elementwise) and each.short_allowed())]
)


def typed(shape, dtype="float", domains=DOMAINS, below=None):
    """Types with a shape from the strategy `shape`."""
    return st.builds(
        lambda shape, domain: Type(
            shape, dtype, below, domain, frozenset({"batch"} & {axis.name for axis in domain})
        ),
        shape,
        st.sampled_from(domains),
    )


@st.composite
def together(draw, count, dtypes=("float",)):
    """Types that may meet in a formula."""
    shape, domain = draw(shapes), draw(st.sampled_from(DOMAINS))
    found = []
    for i in range(draw(count)):
        own = draw(st.sampled_from([shape, (), (*shape[:-1], 1) if shape else ()]))
        kept = tuple(axis for axis in domain if draw(st.booleans()))
        kept = draw(st.sampled_from([domain, kept]))
        dtype = dtypes[min(i, len(dtypes) - 1)]
        found.append(Type(own, dtype, None, kept, frozenset()))
    return found


@st.composite
def concatenated(draw):
    types = draw(together(st.integers(1, 3)))
    shape = max((each.shape for each in types), key=len)
    last = sizes.map(lambda n: (*shape[:-1], n)) if shape else st.sampled_from([(), (2,)])
    return [replace(each, shape=draw(last)) for each in types]


@st.composite
def shortcuts(draw):
    """A shortcut and two types that it can bring together."""
    kind = draw(st.sampled_from(["identity", "project", "pad"]))
    x = draw(typed(st.one_of(images, st.tuples(sizes))))
    stride = draw(st.sampled_from([1, 2, 3])) if kind != "identity" else 1
    shape = tuple(-(-size // stride) for size in x.shape[:-1])
    more = {"identity": 0, "project": draw(st.integers(-2, 2)), "pad": draw(st.integers(0, 3))}
    like = x.with_shape((*shape, max(1, x.features + more[kind])))
    return operations["shortcut"](kind, draw(initials)), [x, like]


def of(name, types, **attributes):
    """Samples: the operation with attributes drawn from strategies, and its input types."""
    operation = st.builds(operations[name], **attributes)
    listed = types.map(lambda each: each if isinstance(each, list) else [each])
    return st.tuples(operation, listed)


@st.composite
def reshapes(draw):
    x = draw(typed(featured))
    shape = list(draw(st.permutations([*x.shape, 1])))
    if draw(st.booleans()):
        shape[0] = -1
    return operations["reshape"](tuple(shape)), [x]


anything = typed(shapes)
with_features = typed(featured)
numbers = typed(shapes, "int", below=7)
with_batch = typed(featured, domains=DOMAINS[1:])
pair = together(st.just(2))
several = together(st.integers(1, 4))
norm = {"scale": st.booleans(), "bias": st.booleans()}
layer = {"bias": st.booleans(), "kernel_init": initials, "activation": activations}
pool = {"window": windows, "stride": st.one_of(st.none(), windows), "padding": paddings}

SAMPLES = {
    "constant": of("constant", st.just([]), value=st.sampled_from([1, -2, 0.5])),
    "dense": of("dense", typed(st.tuples(sizes)), features=sizes, **layer),
    "conv": of(
        "conv",
        typed(images),
        features=sizes,
        kernel=windows,
        stride=windows,
        padding=paddings,
        **layer,
    ),
    "max_pool": of("max_pool", typed(images), **pool),
    "average_pool": of("average_pool", typed(images), **pool),
    "global_average_pool": of("global_average_pool", typed(images)),
    "global_max_pool": of("global_max_pool", typed(images)),
    "batch_norm": of("batch_norm", with_batch, momentum=st.sampled_from([0.5, 0.99]), **norm),
    "layer_norm": of("layer_norm", with_features, **norm),
    "dropout": of("dropout", anything, rate=st.sampled_from([0.0, 0.3])),
    "identity": of("identity", st.one_of(anything, numbers)),
    "flatten": of("flatten", st.one_of(anything, numbers)),
    "reshape": reshapes(),
    "concat": of("concat", concatenated()),
    "shortcut": shortcuts(),
    "embed": of("embed", numbers, features=sizes),
    "one_hot": of("one_hot", numbers),
    "add": of("add", several),
    "multiply": of("multiply", several),
    "maximum": of("maximum", several),
    "minimum": of("minimum", several),
    "subtract": of("subtract", pair),
    "divide": of("divide", pair),
    "power": of("power", pair),
    "where": of("where", together(st.just(3), ("bool", "float"))),
    "mean": of("mean", with_features),
    "sum": of("sum", with_features),
    "argmax": of("argmax", with_features),
    "softmax": of("softmax", with_features),
    "log_softmax": of("log_softmax", with_features),
    "leaky_relu": of("leaky_relu", anything, negative_slope=st.sampled_from([0.01, 0.2])),
    "elu": of("elu", anything, alpha=st.sampled_from([1.0, 0.5])),
    "gelu": of("gelu", anything, approximate=st.booleans()),
}
SAMPLES |= {
    each.name: of(each.name, anything)
    for each in operations
    if each.trait(Elementwise) and not each.attributes() and each.name not in SAMPLES
}

every = pytest.mark.parametrize("name", [each.name for each in operations])


def inferred(operation, types):
    """The type of the value, or None where the sample does not fit."""
    try:
        return operation.infer(*types)
    except ShapeError as error:
        assert "larger than its input" in error.message
        return None


def given_shape(own, sizes):
    return (*(sizes[axis] for axis in own.domain), *own.shape)


@every
def test_value_has_the_type_that_infer_says(name, flax_form):
    @few
    @given(SAMPLES[name])
    def check(sample):
        operation, types = sample
        promised = inferred(operation, types)
        if promised is None:
            return

        def value(*arrays):
            module = flax_form.build(operation, types)
            return flax_form.call(operation, types, arrays, module)

        found = jax.eval_shape(value, *(flax_form.array(each) for each in types))
        if isinstance(found, (int, float)) or not types:
            return
        assert found.shape == given_shape(promised, flax_form.sizes)
        if not types:  # a Python number, which takes the type of what it meets
            assert found.weak_type
            return
        assert found.dtype == DTYPES[promised.dtype]

    check()


@every
def test_module_has_the_weights_that_it_declares(name, flax_form):
    @few
    @given(SAMPLES[name])
    def check(sample):
        operation, types = sample
        if inferred(operation, types) is None:
            return
        module = nnx.eval_shape(lambda: flax_form.build(operation, types))
        state = nnx.to_flat_state(nnx.state(module)) if module is not None else ()
        found = {path[-1]: (v.get_value().shape, isinstance(v, nnx.Param)) for path, v in state}
        weights = operation.weights(*types)
        assert found == {name: (w.shape, w.trainable) for name, w in weights.items()}
        stateful = operation.trait(Stateful)
        still = {name for name, weight in weights.items() if not weight.trainable}
        assert still == set(stateful.statistics if stateful else ())

    check()


@every
def test_gradients_are_finite(name, flax_form):
    @fewer
    @given(SAMPLES[name])
    def check(sample):
        operation, types = sample
        promised = inferred(operation, types)
        if promised is None or promised.dtype != "float" or not types:
            return
        module = flax_form.build(operation, types)
        arrays = [flax_form.array(each, seed) for seed, each in enumerate(types)]
        floats = [i for i, each in enumerate(types) if each.dtype == "float"]

        @jax.jit
        def gradient(params, rest, chosen):
            def total(params, chosen):
                given = {**dict(enumerate(arrays)), **dict(zip(floats, chosen, strict=True))}
                layer = None if module is None else nnx.merge(graphdef, params, rest)
                return jnp.sum(flax_form.call(operation, types, list(given.values()), layer))

            return jax.grad(total, argnums=(0, 1))(params, chosen)

        graphdef = params = rest = None
        if module is not None:
            graphdef, params, rest = nnx.split(module, nnx.Param, ...)
        found = gradient(nnx.as_pure(params), nnx.as_pure(rest), [arrays[i] for i in floats])
        assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(found))

    check()


@every
def test_presence_and_domain_of_the_inputs_are_kept(name):
    @few
    @given(SAMPLES[name])
    def check(sample):
        operation, types = sample
        promised = inferred(operation, types)
        if promised is None or name == "shortcut":  # of `like` only the shape counts
            return
        assert set(promised.domain) == {axis for each in types for axis in each.domain}
        assert promised.presence == frozenset().union(*(each.presence for each in types))

    check()


@every
def test_flops_are_counted_without_failing(name):
    @few
    @given(SAMPLES[name])
    def check(sample):
        operation, types = sample
        if inferred(operation, types) is not None:
            assert operation.flops(*types) >= 0

    check()


@every
def test_what_is_random_takes_a_key(name):
    operation = operations[name]
    uses_key = hasattr(operation, "call") and operation.call.uses("key")
    assert uses_key == (operation.trait(Stochastic) is not None)


@every
def test_declaration_is_documented(name):
    operation = operations[name]
    assert operation.summary() != name
    assert not operation.summary().startswith(operation.__name__ + "(")
    assert all(each.help for each in operation.attributes())
