"""What does not go together is refused, with the shapes and a way out."""

import subprocess
import sys

import pytest

import graphc.ops
from graphc.core.operation import ShapeError
from graphc.core.registry import losses, metrics, operations
from graphc.core.types import BATCH, Axis, Type

assert graphc.ops
LABEL = Type((), "int", 10)
STREAM = Type((4,), domain=(BATCH, Axis("time", "time")))


def refused(function, *types):
    with pytest.raises(ShapeError) as caught:
        function(*types)
    return caught.value


def made(name, *attributes):
    return operations[name](*attributes).infer


CASES = [
    (
        made("conv", 6),
        [Type((64,))],
        "`conv` needs [length, channels], [height, width, channels] or [depth, height, width,"
        " channels], but its input has shape [64]",
        "put `conv` before `flatten`, or make an image with `reshape`",
    ),
    (
        made("conv", 6, (5, 5)),
        [Type((28, 28))],
        "`kernel: [5, 5]` of `conv` is for 2 axes, but its input [28, 28] has 1 axis and channels",
        "write one integer for all axes, or a list of 1; `reshape: [28, 28, 1]` gives an image its"
        " channel",
    ),
    (
        operations["conv"](6, 5, padding="valid").infer,
        [Type((3, 9, 1))],
        "the window [5, 5] of `conv` is larger than its input [3, 9, 1]",
        "make it smaller, or use `padding: same`",
    ),
    (
        made("max_pool", (2, 2)),
        [LABEL],
        "`max_pool` needs floats, but its input is int [] below 10",
        "use `embed` or `one_hot`",
    ),
    (
        made("relu"),
        [LABEL],
        "`relu` needs floats, but its input is int [] below 10",
        "use `embed` or `one_hot`",
    ),
    (
        made("add"),
        [Type((50,)), Type((64,))],
        "`+` cannot combine [50] with [64]",
        "shapes must be equal, `[]`, or differ only in a last axis of 1",
    ),
    (
        made("multiply"),
        [Type((3,)), LABEL],
        "`*` needs floats, but its input is int [] below 10",
        "use `embed` or `one_hot`",
    ),
    (
        made("where"),
        [Type((3,)), Type((3,)), Type((3,))],
        "`where` needs a bool as its condition, which is [3]",
        None,
    ),
    (
        made("mean"),
        [Type(())],
        "`mean` needs features, but its input is one number at each point",
        "give it a value with at least one feature axis",
    ),
    (
        made("concat"),
        [Type((4, 4, 2)), Type((2, 2, 2))],
        "`concat` cannot put [2, 2, 2] beside [4, 4, 2]",
        "shapes may differ only in the last axis",
    ),
    (
        made("concat"),
        [Type((4,)), LABEL],
        "`concat` cannot put int [] below 10 beside [4]",
        "make both floats with `one_hot`",
    ),
    (
        made("reshape", (3, 5)),
        [Type((28, 28, 1))],
        "`reshape` cannot make [3, 5] of [28, 28, 1]: 784 numbers do not fit",
        None,
    ),
    (
        made("reshape", (14, 14)),
        [Type((28, 28, 1))],
        "`reshape` cannot make [14, 14] of [28, 28, 1]: 784 numbers do not fit",
        "write -1 for one of the sizes",
    ),
    (
        made("reshape", (-1, -1)),
        [Type((4,))],
        "`reshape` cannot make [-1, -1]",
        "give positive sizes, and -1 once at most",
    ),
    (
        made("shortcut"),
        [Type((8, 8, 4)), Type((4, 4, 8))],
        "`shortcut` leads from [8, 8, 4] to [4, 4, 8], and `identity` needs equal shapes",
        "write `shortcut: project`",
    ),
    (
        made("shortcut", "project"),
        [Type((8, 8, 4)), Type((6, 6, 4))],
        "`shortcut` leads from [8, 8, 4] to [6, 6, 4], and no stride takes [8, 8] to [6, 6]",
        "use `padding: same` in the body, which only strides make smaller",
    ),
    (
        made("shortcut", "pad"),
        [Type((8,)), Type((4,))],
        "`shortcut` leads from [8] to [4], and `pad` cannot take channels away",
        "write `shortcut: project`",
    ),
    (
        made("shortcut", "project"),
        [Type((8, 8, 4)), Type((4,))],
        "`shortcut` leads from [8, 8, 4] to [4]",
        "both must be images, or both [features]",
    ),
    (
        made("embed", 8),
        [Type((3,))],
        "`embed` needs whole numbers, but its input is float [3]",
        "declare the input as `{int: [...], below: ...}`, or use `dense` for floats",
    ),
    (
        made("one_hot"),
        [Type((3,), "int")],
        "`one_hot` needs to know how large the numbers of its input int [3] can be",
        "declare the input with `below:`, one more than the largest",
    ),
    (
        made("batch_norm"),
        [Type((3,), domain=())],
        "`batch_norm` needs a batch, but its input is a constant",
        None,
    ),
]

CLASSES = [
    (
        Type((4, 10)),
        LABEL,
        "needs logits [classes], but the output is [4, 10]",
        "end the network with `dense`, one feature for each class",
    ),
    (
        Type((10,)),
        Type((10,)),
        "needs the numbers of the right classes, but the target is [10]",
        "probabilities go with `kl_divergence`, other numbers go with `mean_squared_error`; a csv"
        " or npz file has `kind: classes`",
    ),
    (
        Type((4, 6, 10)),
        Type((4, 5), "int", 10),
        "needs logits [4, 5, classes], but the output is [4, 6, 10] and the target is int [4, 5]"
        " below 10",
        "end the network with `conv: {features: 10, kernel: 1}` at the size of the target, one"
        " feature for each class",
    ),
    (
        Type((4, 5, 3)),
        Type((4, 5), "int", 10),
        "has 3 logits for 10 classes",
        "give the last layer 10 features",
    ),
    (Type((5,)), LABEL, "has 5 logits for 10 classes", "give the last layer 10 features"),
    (
        Type((5,)),
        Type((), "int"),
        "needs to know the number of classes, but the target is int []",
        "declare it with `below: 5`",
    ),
    (
        STREAM,
        Type((), "int", 4),
        "needs one class for each point, but the output is [time, 4] and the target is int []"
        " below 4",
        "bring both to one for each example, or one for each step or node",
    ),
]


@pytest.mark.parametrize(("infer", "types", "message", "help"), CASES)
def test_operations_refuse_with_shapes_and_help(infer, types, message, help):
    error = refused(infer, *types)
    assert (error.message, error.help, error.code) == (message, help, "GC203")


@pytest.mark.parametrize(("output", "target", "message", "help"), CLASSES)
@pytest.mark.parametrize(
    "declared", [losses["cross_entropy"](), metrics["accuracy"](), metrics["mean_iou"]()]
)
def test_classes_are_checked_against_logits(declared, output, target, message, help):
    error = refused(declared.check, output, target)
    assert (error.message, error.help) == (f"`{declared.name}` {message}", help)


@pytest.mark.parametrize(
    ("output", "target", "message"),
    [
        (Type((3,)), Type((4,)), "`mean_squared_error` cannot combine [3] with [4]"),
        (
            Type(()),
            Type((4,)),
            "`mean_squared_error` compares number by number, but the output is [] and the target"
            " is [4]",
        ),
        (
            Type((4,)),
            STREAM,
            "`mean_squared_error` compares number by number, but the output is [4] and the target"
            " is [time, 4]",
        ),
    ],
)
def test_distances_refuse_targets_of_another_shape(output, target, message):
    assert refused(losses["mean_squared_error"]().check, output, target).message == message


def test_declarations_need_neither_jax_nor_numpy():
    script = (
        "import sys, graphc.ops; found = {'jax', 'flax', 'numpy', 'optax'} & set(sys.modules);"
        "sys.exit(str(found) if found else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
