"""Hypothesis strategies for the types and the attributes of operations.

A *sample* is an operation with drawn attributes and the list of its input types; `of` makes a
strategy of samples out of strategies for both.
"""

from hypothesis import strategies as st

import graphc.ops
from graphc.core.operation import Elementwise
from graphc.core.registry import operations
from graphc.core.types import BATCH, EDGES, NODES, TIME, Type
from graphc.ops.initializers import (
    Constant,
    GlorotUniform,
    HeNormal,
    Identity,
    LecunNormal,
    Normal,
    Orthogonal,
    Sparse,
    Uniform,
    VarianceScaling,
)
from graphc.ops.kernels import SpectralNorm, WeightNorm

assert graphc.ops
WITH_NODES = [(BATCH, NODES), (BATCH, TIME, NODES), (BATCH, NODES, TIME)]
WITH_EDGES = [(BATCH, EDGES), (BATCH, TIME, EDGES), (BATCH, EDGES, TIME)]
DOMAINS = [(), (BATCH,), (BATCH, TIME), (BATCH, NODES), (BATCH, TIME, NODES), (BATCH, NODES, TIME)]
sizes = st.integers(1, 4)
shapes = st.lists(sizes, min_size=0, max_size=3).map(tuple)
featured = st.lists(sizes, min_size=1, max_size=3).map(tuple)
lengths = st.integers(3, 6)
images = st.one_of(*(st.tuples(*[lengths] * axes, sizes) for axes in (1, 2, 3)))
initials = st.sampled_from(
    [
        *(LecunNormal(), HeNormal(), GlorotUniform(), Orthogonal(), Constant(0.5), Identity(2.0)),
        *(VarianceScaling(2.0, "fan_avg", "uniform"), Sparse(0.5), Normal(0.1, 1.0)),
        Uniform(0.1, -0.1),
    ]
)
everywhere = [
    each()
    for each in operations
    if each.__module__ == "graphc.ops.activations" and each.trait(Elementwise)
]
"""Activations that are defined, and have a slope, for every number (`sqrt` has not)."""
activations = st.sampled_from([None, *everywhere])


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


def of(kind, types, **attributes):
    """Samples: an operation (or the name of one) and the types of its inputs.

    Args:
        kind: the class of the operation, or its name.
        types: a strategy of one type, or of a list of them.
        attributes: a strategy for each attribute that is to vary.
    """
    operation = st.builds(operations[kind] if isinstance(kind, str) else kind, **attributes)
    listed = types.map(lambda each: each if isinstance(each, list) else [each])
    return st.tuples(operation, listed)


def axis_of(x):
    """A feature axis of a type, by one of its two names."""
    return st.integers(-len(x.shape), len(x.shape) - 1)


@st.composite
def along(draw, name, types, **attributes):
    """Samples of an operation along an axis of its first input."""
    found = draw(types)
    several = found if isinstance(found, list) else [found]
    given = {word: draw(each) for word, each in attributes.items()}
    return operations[name](axis=draw(axis_of(several[0])), **given), several


@st.composite
def per_axis(draw, axes, values):
    """What an attribute takes that has a value for each of so many axes."""
    return draw(st.one_of(values, st.tuples(*[values] * axes)))


@st.composite
def around(draw, axes, words, most):
    """A padding: a word, or numbers up to `most`, alone, for each axis or before and after it."""
    number = st.integers(0, most)
    several = per_axis(axes, number)
    pairs = st.tuples(*[st.tuples(number, number)] * axes)
    return draw(st.one_of(st.sampled_from(words), several, pairs))


@st.composite
def on_images(draw, name, attributes):
    """Samples on images: `attributes` gives a strategy of them for a shape [*sizes, channels]."""
    x = draw(typed(images))
    return operations[name](**draw(attributes(x.shape))), [x]


sequences = typed(shapes, domains=[(BATCH, TIME), (BATCH, TIME, NODES), (BATCH, NODES, TIME)])
steps_of_features = sequences.filter(lambda each: bool(each.shape))
anything = typed(shapes)
arrays = anything.filter(lambda each: each.rank > 0)
with_features = typed(featured)
numbers = typed(shapes, "int", below=7)
with_batch = typed(featured, domains=DOMAINS[1:])
pair = together(st.just(2))
several = together(st.integers(1, 4))
layer = {"bias": st.booleans(), "kernel_init": initials, "activation": activations}
kernel_changes = {
    "kernel_norm": st.sampled_from([None, WeightNorm(), SpectralNorm(2)]),
    "drop_connect": st.sampled_from([0.0, 0.3]),
}
