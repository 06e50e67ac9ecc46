"""Programs made by hand, and how to run what is emitted for them."""

import sys
from dataclasses import replace
from itertools import pairwise
from types import ModuleType, SimpleNamespace

import jax
import numpy as np
import optax
import pytest

import graphc.ops  # noqa: F401  (fills the registries)
from graphc.core.span import Source, Span
from graphc.core.types import Type
from graphc.emit.module import emit
from graphc.graph.calls import Call, NetworkCall, Repeat, Stack
from graphc.graph.graph import Graph, arrange
from graphc.graph.node import Node, Ref
from graphc.graph.weights import WeightMap  # noqa: F401
from graphc.ops.activations import Relu, Sigmoid, Tanh
from graphc.ops.arithmetic import Add, Constant, Multiply, Subtract
from graphc.ops.convolution import Conv
from graphc.ops.dense import Dense
from graphc.ops.initializers import Constant as ConstantInitializer
from graphc.ops.initializers import HeNormal
from graphc.ops.joining import Concat
from graphc.ops.losses import CrossEntropy, MeanSquaredError  # noqa: F401
from graphc.ops.metrics import Accuracy, MeanIou
from graphc.ops.normalization import BatchNorm
from graphc.ops.optimizers import Adam
from graphc.ops.pooling import GlobalAveragePool, MaxPool
from graphc.ops.regularization import Dropout
from graphc.ops.shaping import Flatten, Identity
from graphc.ops.shortcut import Shortcut
from graphc.passes.fold import fold
from graphc.passes.merge import merge
from graphc.passes.remarks import Remarks
from graphc.plan.plan import Objective, Plan, Program, Term

SPEC = Source("specs/hand.yaml", "")
IMAGE = Type((8, 8, 1))
VECTOR = Type((12,))
LABEL = Type((), "int", 4)
CLASSES = 4
MEASURED = (Accuracy(),)
ROWS = 16


def node(name, operation, *inputs, named=True, line=0):
    """A node; inputs are written as `name` or `name.port`."""
    refs = tuple(Ref(*each.split(".")) if each else None for each in inputs)
    span = Span(SPEC, line, 3, line, 9)
    return Node(name, operation, refs, span, named)


def graph(name, inputs, nodes, *outputs):
    """A graph; outputs are written as `port=name`, or as `name` alone."""
    pairs = [each.split("=") if "=" in each else (each, each) for each in outputs]
    inputs = tuple(inputs.items())
    outputs = tuple((port, Ref(*value.split("."))) for port, value in pairs)
    return Graph(name, inputs, arrange(inputs, nodes), outputs)


def chain(name, inputs, *operations):
    """Nodes without names of their own, one after another."""
    previous, nodes, seen = next(iter(inputs)), [], {}
    for line, operation in enumerate(operations, 5):
        seen[operation.name] = count = seen.get(operation.name, 0) + 1
        word = operation.name if count == 1 else f"{operation.name}_{count}"
        nodes.append(node(word, operation, previous, named=False, line=line))
        previous = word
    return graph(name, inputs, nodes, previous)


def program(networks, network="", name="hand", metrics=MEASURED, label=LABEL):
    """A program that classifies."""
    if isinstance(networks, Graph):
        networks = {network: networks}
    port = networks[network].outputs[0][0] if len(networks[network].outputs) > 1 else None
    measured = tuple(Term(each.name, each, port, "label", target_type=label) for each in metrics)
    loss = Term("loss", CrossEntropy(), port, "label", target_type=label)
    objective = Objective(loss, measured, tuple(networks), Adam(0.01))
    inputs = tuple((word, word) for word, _ in networks[network].inputs)
    return Program(name, f"specs/{name}.yaml", networks, Plan(network, inputs, (objective,)))


def lenet():
    return program(
        chain(
            "network",
            {"image": IMAGE},
            Conv(6, (3, 3), activation=Relu()),
            MaxPool((2, 2)),
            Conv(16, (3, 3), padding="valid", activation=Relu()),
            Flatten(),
            Dense(24, activation=Relu()),
            Dense(CLASSES),
        ),
        name="lenet",
    )


def segmentation():
    """A class for each place, and a metric that is made of counts."""
    network = chain("network", {"image": IMAGE}, Conv(4, (3, 3), activation=Relu()), Conv(CLASSES))
    label = Type((8, 8), "int", CLASSES)
    metrics = (MeanIou(), Accuracy())
    return program(network, name="segmentation", metrics=metrics, label=label)


def residual_block(shape, features, stride):
    return graph(
        "residual",
        {"x": Type(shape)},
        [
            node("body/conv", Conv(features, stride=stride, bias=False), "x", line=3),
            node("body/batch_norm", BatchNorm(), "body/conv", named=False, line=4),
            node("body/relu", Relu(), "body/batch_norm", named=False, line=5),
            node(
                "body/conv_2",
                Conv(features, bias=False, kernel_init=HeNormal()),
                "body/relu",
                named=False,
                line=6,
            ),
            node("shortcut", Shortcut("project"), "x", "body/conv_2", line=7),
            node("add", Add(), "body/conv_2", "shortcut", named=False, line=8),
            node("y", Relu(), "add", line=9),
        ],
        "y",
    )


def residual():
    shape, nodes, previous = (8, 8, 1), [], "image"
    for i, (features, stride) in enumerate([(4, 2), (8, 2), (16, 2)], 1):
        block = residual_block(shape, features, (stride, stride))
        arguments = (("features", features), ("stride", stride))
        nodes.append(node(f"stage{i}", Call(block, arguments), previous, line=20 + i))
        shape, previous = block.output_type.shape, f"stage{i}"
    nodes.append(node("pool", GlobalAveragePool(), previous, named=False, line=30))
    nodes.append(node("logits", Dense(CLASSES), "pool", line=31))
    return program(graph("network", {"image": IMAGE}, nodes, "logits"), name="residual")


def highway_block(features=12, *extra):
    nodes = [
        node("h", Dense(features, activation=Relu()), "x"),
        node(
            "gate",
            Dense(features, activation=Sigmoid(), bias_init=ConstantInitializer(-2.0)),
            "x",
        ),
        node("y:1", Multiply(), "gate", "h"),
        node("y:2", Constant(1)),
        node("y:3", Subtract(), "y:2", "gate"),
        node("y:4", Multiply(), "y:3", "x"),
        node("y", Add(), "y:1", "y:4"),
    ]
    previous = "y"
    for operation in extra:
        nodes.append(node(operation.name, operation, previous))
        previous = operation.name
    block = graph("highway", {"x": Type((features,))}, nodes, previous)
    return Call(block, (("features", features), ("gate_bias", -2.0)))


def layers(operation, name="layers"):
    """A network with one operation between two dense layers."""
    nodes = [
        node("dense", Dense(12), "features", named=False),
        node(name, operation, "dense", named=False),
        node("logits", Dense(CLASSES), name),
    ]
    return program(graph("network", {"features": VECTOR}, nodes, "logits"), name="highway")


def rolled(layer, times):
    return Stack(layer, tuple(f"layers/{i}" for i in range(times)))


def highway_unrolled():
    return layers(Repeat((highway_block(),) * 3))


def highway_rolled():
    return layers(rolled(highway_block(), 3))


def merged_rolled():
    whole = highway_rolled()
    return replace(whole, networks={"": merge(whole.networks[""], Remarks())})


def merged_widths():
    """Layers of several widths without a bias, in a block of two sizes and beside it."""

    def block(size):
        nodes = [
            node("wide", Dense(2 * size, activation=Tanh(), bias=False), "x"),
            node("one", Dense(1, activation=Sigmoid(), bias=False), "x"),
            node("y", Multiply(), "wide", "one"),
        ]
        return Call(graph("scaled", {"x": Type((size,))}, nodes, "y"), (("size", size),))

    nodes = [
        node("large", block(12), "features"),
        node("a", Dense(6, activation=Relu()), "large"),
        node("b", Dense(6), "large"),
        node("ab", Add(), "a", "b"),
        node("small", block(6), "ab"),
        node("logits", Dense(CLASSES), "small"),
    ]
    made = graph("network", {"features": VECTOR}, nodes, "logits")
    return program(merge(made, Remarks()))


def residual_inference():
    whole = residual()
    return replace(whole, networks={"": fold(whole.networks[""], Remarks())}, inference=True)


def noisy_unrolled():
    return layers(Repeat((highway_block(12, BatchNorm(), Dropout(0.1)),) * 3))


def noisy_rolled():
    return layers(rolled(highway_block(12, BatchNorm(), Dropout(0.1)), 3))


def run_of_names():
    return layers(Stack(highway_block(), ("h1", "h2", "h3")), "h1_to_h3")


def two_outputs():
    cell = graph(
        "cell",
        {"x": VECTOR, "h": Type((8,))},
        [
            node("both", Concat(), "x", "h"),
            node("c", Dense(8, activation=Tanh()), "both"),
            node("out", Dense(8), "c"),
        ],
        "h=out",
        "c=c",
    )
    nodes = [
        node("start", Dense(8), "features"),
        node("first", Call(cell), "features", "start"),
        node("second", Call(cell), "features", "first"),
        node("both", Concat(), "second.h", "first.c"),
        node("logits", Dense(CLASSES), "both"),
    ]
    return program(graph("network", {"features": VECTOR}, nodes, "logits", "code=both"))


def pure_block():
    swish = graph(
        "max",
        {"x": VECTOR},
        [node("y:1", Sigmoid(), "x"), node("y", Multiply(), "x", "y:1")],
        "y",
    )
    nodes = [
        node("inner", Call(swish), "features"),
        node("again", Repeat((Call(swish),) * 2), "inner"),
        node("logits", Dense(CLASSES), "again"),
    ]
    return program(graph("network", {"features": VECTOR}, nodes, "logits"))


def shared_network():
    encoder = chain("encoder", {"x": VECTOR}, Dense(8), BatchNorm(), Relu(), Dropout(0.1))
    call = NetworkCall(encoder, network="encoder")
    block = graph(
        "pair",
        {"left": VECTOR, "right": VECTOR},
        [
            node("one", call, "left"),
            node("other", call, "right"),
            node("distance", Subtract(), "one", "other"),
        ],
        "distance",
    )
    nodes = [
        node("distance", Call(block), "left", "right"),
        node("one", call, "left"),
        node("both", Concat(), "one", "distance"),
        node("logits", Dense(CLASSES), "both"),
    ]
    main = graph("classifier", {"left": VECTOR, "right": VECTOR}, nodes, "logits")
    return program({"encoder": encoder, "classifier": main}, "classifier")


def odd_names():
    words = ["lambda", "self", "x", "key", "train", "eval", "at", "max_pool", "i", "layer", "items"]
    nodes, previous = [], "features"
    for word in words:
        nodes.append(node(word, Dense(6, activation=Tanh()), previous))
        previous = word
    nodes.append(node("dropout", Dropout(0.1), previous, named=False))
    nodes.append(node("sow", Repeat((Dense(6), Dense(7), Dense(6))), "dropout"))
    nodes.append(node("range", Repeat((Dropout(0.1), Dropout(0.1))), "sow"))
    nodes.append(node("enumerate", Concat(), "range", "x", "key"))
    nodes.append(node("state", Dense(CLASSES), "enumerate"))
    return program(graph("None", {"features": VECTOR}, nodes, "state"))


def with_slashes():
    inner = graph(
        "vision/stem",
        {"x": VECTOR},
        [
            node("body/dense", Dense(6), "x"),
            node("body/norm", BatchNorm(), "body/dense"),
            node("body_norm", Relu(), "body/norm"),
            node("z", Add(), "body_norm", "body/dense"),
        ],
        "z",
    )
    nodes = [
        node("stem/first", Call(inner), "features"),
        node("logits", Dense(CLASSES), "stem/first"),
    ]
    return program(graph("network", {"features": VECTOR}, nodes, "logits"), "zoo/items")


def repeated_widths():
    """Copies of other widths, and copies of another structure."""
    widths, copies = [12, 8, 16, 4], []
    for before, after in pairwise(widths):
        block = chain("layer", {"x": Type((before,))}, Dense(after), BatchNorm(), Relu())
        copies.append(Call(block, (("width", after),)))
    mixed = (Dense(4), Relu(), Dropout(0.1), Dense(5), Dense(5, bias=False))
    rates = tuple(Dropout(rate) for rate in (0.1, 0.2, 0.3))
    nodes = [
        node("wide", Repeat(tuple(copies)), "features"),
        node("mixed", Repeat(mixed), "wide"),
        node("noise", Repeat(rates), "mixed"),
        node("twice", Repeat((Repeat((Dense(5), Dense(5))),) * 2), "noise"),
        node("logits", Dense(CLASSES), "twice"),
    ]
    return program(graph("network", {"features": VECTOR}, nodes, "logits"))


def nested_stacks():
    inner = graph(
        "inner",
        {"x": VECTOR, "skip": VECTOR},
        [
            node("layers", rolled(highway_block(12, Dropout(0.1)), 2), "x"),
            node("pair", Repeat((Dense(12), Dense(12))), "layers"),
            node("y", Add(), "pair", "skip"),
            node("norm", BatchNorm(), "y"),
        ],
        "norm",
    )
    nodes = [
        node("blocks", Stack(Call(inner), ("blocks/0", "blocks/1")), "features", "features"),
        node("loops", Stack(Repeat((Dense(12), Dense(12))), ("loops/0", "loops/1")), "blocks"),
        node("nothing", Stack(Relu(), ("nothing/0", "nothing/1")), "loops"),
        node("alias", Identity(), "nothing", named=False),
        node("logits", Dense(CLASSES), "alias"),
    ]
    return program(graph("network", {"features": VECTOR}, nodes, "logits"))


PROGRAMS = {
    make.__name__: make
    for make in (
        *(
            lenet,
            segmentation,
            residual,
            highway_unrolled,
            highway_rolled,
            noisy_unrolled,
            noisy_rolled,
        ),
        *(run_of_names, two_outputs, pure_block, shared_network, odd_names, with_slashes),
        *(repeated_widths, nested_stacks, merged_rolled, merged_widths),
    )
}


def load(source):
    """The source as a module."""
    module = ModuleType("emitted")
    sys.modules["emitted"] = module
    exec(compile(source, "<emitted>", "exec"), module.__dict__)
    if hasattr(module, "optimizer"):
        made = _lenient(module.optimizer())
        module.optimizer = lambda: made
    return module


def _jit(function, **options):
    """Compiled quickly rather than well."""
    return jax.jit(function, compiler_options={"xla_backend_optimization_level": 0}, **options)


def _lenient(transformation):
    """optax (0.2.8) mixes dtypes in adam, so strict promotion ends where it begins."""

    def update(*arguments):
        with jax.numpy_dtype_promotion("standard"):
            return transformation.update(*arguments)

    return optax.GradientTransformation(transformation.init, update)


def batch_for(made, seed=0):
    """Random rows of which the last three are not there."""
    generator = np.random.default_rng(seed)
    plan = made.plan
    types = dict(made.networks[plan.network].inputs)
    batch = {
        field: generator.normal(size=(ROWS, *types[word].shape)).astype(np.float32)
        for word, field in plan.inputs
    }
    batch["label"] = generator.integers(0, CLASSES, ROWS).astype(np.int32)
    if plan.objectives[0].loss.target_type.shape:  # what can be learnt from each place alone
        batch["label"] = np.digitize(batch["image"][..., 0], [-1, 0, 1]).astype(np.int32)
    batch["mask"] = np.arange(ROWS) < ROWS - 3
    return jax.tree.map(jax.numpy.asarray, batch)


@pytest.fixture(scope="session")
def hand():
    """What the tests of emission share."""
    return SimpleNamespace(**globals())


@pytest.fixture(scope="session")
def emitted():
    """Source and module of a program by its name, made once."""
    made = {}

    def get(name):
        if name not in made:
            whole = PROGRAMS[name]()
            result = emit(whole)
            module = load(result.source)
            made[name] = SimpleNamespace(
                program=whole,
                source=result.source,
                lines=result.lines,
                module=module,
                init=_jit(module.init),
                train_step=_jit(module.train_step, donate_argnums=0),
                evaluate_step=_jit(module.evaluate_step),
            )
        return made[name]

    return get


def pytest_generate_tests(metafunc):
    if "program_name" in metafunc.fixturenames:
        metafunc.parametrize("program_name", PROGRAMS)
