"""What a node can be: the abstract operation and the traits that passes ask for.

An operation is a declaration with a shape contract (`infer`) and a Flax form: `build`, the
expression that makes its module (absent for pure functions), and `call`, the expression of its
value; where they depend on the types of the inputs, `build_code` and `call_code` choose them.
Both are trees (see `graphc.core.code`) over these holes:

    $NAME          an attribute, or what `holes` adds
    $x.features    a property of an input's type; `$x.shape` is what the array has
    $x             in `call`: the value of the input x
    $items         in `call` of a variadic operation: its values; each alone is `$item_0`, ...
    $self          in `call`: the module that `build` made
    $rngs          in `build`: the random keys of this node, from the one key `$key`
    $train $key $mask   in `call`: threaded through every class on the way, only where needed;
                   the mask is that of all points of the inputs
    $mask_over_AXIS   in `call`: the mask of the steps along one axis, see `operands.steps_mask`
    $carried $own_carried   in `call`: what goes from step to step, and the part that is the node's
    $graph         in `call`: the edges between the nodes of each example, see `AlongEdges`
    $pairs         in `call`: the pairs of nodes that are asked for, see `OverPairs`
    $dot_general $conv_general_dilated   what multiplies in the precision of a `Multiplying`
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from graphc.core.code import Code
from graphc.core.declaration import Declaration
from graphc.core.types import Axis, Type


class ShapeError(Exception):
    """Raised by `infer`: what is wrong with the inputs' types, before it has a place.

    Args:
        message: what is wrong.
        help: what to do.
        code: of the diagnostic.
        word: of the spec that it is about, if it is about one.
    """

    def __init__(
        self, message: str, help: str | None = None, code: str = "GC203", word: str | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.help, self.code, self.word = message, help, code, word


@dataclass(frozen=True)
class Input:
    """A named input; an optional one may be left out."""

    name: str = "x"
    optional: bool = False
    help: str = ""


@dataclass(frozen=True)
class Weight:
    """An array that belongs to a node.

    Args:
        shape: its shape as the spec's node has it; None for all that an opaque module holds.
        trainable: a parameter; otherwise a running statistic, or `frozen`.
        stored: where the module keeps it, if not under its own name; "" if it is the module.
        frozen: stays as it was drawn.
        given: what it starts as, where it is not drawn.
    """

    shape: tuple[int, ...] | None
    trainable: bool = True
    stored: str | None = None
    frozen: bool = False
    given: Declaration | None = None

    @property
    def kind(self) -> str:
        """What it is if it is not trained, otherwise nothing."""
        if self.trainable:
            return ""
        return "frozen" if self.frozen else "statistic"

    @property
    def size(self) -> int:
        """How many numbers it has, as far as that is known."""
        return 0 if self.shape is None else prod(self.shape)


@dataclass(frozen=True)
class Reach:
    """Which other steps of its inputs the value of a step depends on.

    Args:
        axis: along which they lie.
        before: how many steps just before its own they are; None where it may be any.
    """

    axis: Axis
    before: int | None = None


class Operation(Declaration):
    """The base of all operations; see the module's text for `build` and `call`."""

    inputs: ClassVar[tuple[Input, ...]] = (Input(),)
    variadic: ClassVar[bool] = False
    names: ClassVar[tuple[str, ...]] = ()  # of the values of a variadic one, if `from` gives them
    ports: ClassVar[tuple[str, ...]] = ()
    feedback: ClassVar[bool] = False  # whether its first input may come after it in the graph
    build: ClassVar[Code | None] = None
    call: ClassVar[Code]

    @classmethod
    def _held(cls, word: str) -> str | None:
        if word == "remat":
            return f"write it beside the step: `{{{cls.name}: ..., remat: true}}`"
        return super()._held(word)

    def infer(self, *types: Type) -> Type:
        """The type of the value from the types of the inputs; raises ShapeError."""
        raise NotImplementedError

    def weights(self, *types: Type) -> dict[str, Weight]:
        """The node's arrays by their names; "" for one that is the node itself."""
        return {}

    def reach(self, *types: Type) -> Reach | None:
        """Which other steps a value depends on that has one for every step of the inputs."""
        return None

    def flops(self, *types: Type) -> int:
        """Floating point operations for one example, a multiply-add counted as two."""
        return 0

    def build_code(self, *types: Type) -> Code | None:
        """The expression that makes the module for inputs of these types, if there is one."""
        return self.build

    def call_code(self, *types: Type) -> Code:
        """The expression of the value for inputs of these types."""
        return self.call

    def product_code(self, x: Type) -> Code | None:
        """A linear layer's product alone, of `$x` with `$kernel`; None for `$x @ $kernel`."""
        return None

    def before_product(self) -> Operation | None:
        """What a linear layer does to its input before the product, if that is anything.

        It has no weights, is linear, and leaves each feature by itself.
        """
        return None

    def pure_code(self, *types: Type) -> Code | None:
        """The same without a module, over a hole for each weight, if it has such a form."""
        return None

    def holes(self, *types: Type) -> dict[str, object]:
        """Values of further holes, or other values for attributes' holes."""
        return {}


PRECISIONS = ("float32", "bfloat16")
"""What the operands of products may be; results and all else are float32."""


@dataclass(frozen=True)
class Multiplying(Operation):
    """The base of what sums up products: it has the trait `Contracts`, and a precision.

    The precision is no attribute: it stands beside a step, or is that of all its network.

    Args:
        flat: the function by which it multiplies the points of its input as one axis, if so.
    """

    precision: str = field(default=PRECISIONS[0], kw_only=True, repr=False)
    flat: str = field(default="", kw_only=True, repr=False)

    @classmethod
    def _held(cls, word: str) -> str | None:
        if word == "precision":
            return f"write it beside the step: `{{{cls.name}: ..., precision: {PRECISIONS[1]}}}`"
        return super()._held(word)


@dataclass(frozen=True)
class Remembering(Operation):
    """The base of what may read a number of steps before its own, as `reach` says.

    Args:
        kept: whether those before the steps at hand may come from a memory.
    """

    kept: bool = field(default=False, kw_only=True, repr=False)


@dataclass(frozen=True)
class Hearing(Operation):
    """The base of what makes the value of a node out of it and its neighbours.

    Args:
        drawn: whether the neighbours may be some that were drawn (`DrawnTrees` in the emitted
            source). Its value is then over those nodes of its input that have any, the first ones.
    """

    drawn: bool = field(default=False, kw_only=True, repr=False)


@dataclass(frozen=True)
class Convolving(Multiplying):
    """The base of what slides a kernel over an image, and may do so row by row.

    Args:
        by_rows: whether each row of the result is one product of rows of the image, with a band
            that holds the kernel at each of its places; otherwise it is a library convolution.
    """

    by_rows: bool = field(default=False, kw_only=True, repr=False)

    @property
    def from_library(self) -> bool:
        return not self.by_rows

    def band(self, x: Type) -> tuple[int, int] | None:
        """The shape of the band for images of this type; None where there is no such form."""
        return None


# The traits. They carry data, so that a pass never needs to know a concrete operation.


@dataclass(frozen=True)
class Elementwise:
    """One number in, one number out; may be given as another operation's activation."""


@dataclass(frozen=True)
class Linear:
    """Linear in its input, but for the bias.

    Its outputs are the last axis of the kernel, of the bias and of its value.

    Args:
        kernel: the weight that multiplies the input, contracted over its axis `contracts`; where
            that axis is shorter than the input's last, each output sees a part of it (groups).
        bias: the weight that is added, if any; an attribute of this name says whether it is.
        own: attributes in which layers beside one another may differ and be one wider layer.
    """

    kernel: str = "kernel"
    bias: str = "bias"
    contracts: int = -2
    own: tuple[str, ...] = ("features", "activation", "kernel_init", "bias_init")


@dataclass(frozen=True)
class Contracts:
    """Sums up products through `keyword`, which takes what multiplies in a precision.

    It is a keyword of its build, or of its call where it has no module; its code gives it the hole
    of its name.

    Args:
        keyword: None for what has no form but that in float32.
        apart: the products that stay in float32, where these are not all.
    """

    keyword: str | None = None
    apart: str = ""


@dataclass(frozen=True)
class LibraryConvolution:
    """Runs as a library convolution, which must not stand inside a loop on the CPU.

    Args:
        given: the attribute for which it does, where it does not always.
    """

    given: str | None = None


@dataclass(frozen=True)
class BatchCoupled:
    """Examples meet in it: it takes the mask of those that are there."""


@dataclass(frozen=True)
class Stochastic:
    """Draws random numbers from the key of its node while training.

    Args:
        given: the attribute for which it does, where it does not always.
    """

    given: str | None = None


@dataclass(frozen=True)
class StopsGradient:
    """Gives its input unchanged, and no gradient flows through it."""


@dataclass(frozen=True)
class Differentiates:
    """Is the gradient of its first input with respect to its second.

    Args:
        sum: adds up the first over all points.
    """

    sum: Operation


@dataclass(frozen=True)
class Draws:
    """Is random numbers, in evaluation too; its input says for which points there are some."""


@dataclass(frozen=True)
class Chooses:
    """Its value is the first input in training, and the second one otherwise."""


@dataclass(frozen=True)
class Noise:
    """In evaluation it gives its input unchanged."""


@dataclass(frozen=True)
class Stateful:
    """Keeps running statistics, which training moves and evaluation reads.

    Args:
        statistics: their names among the weights.
        given: the attribute for which it may, where it does not always.
    """

    statistics: tuple[str, ...]
    given: str | None = None


@dataclass(frozen=True)
class Opaque:
    """Runs code of which graphc knows nothing but the type of its value."""


@dataclass(frozen=True)
class Standardizes:
    """In evaluation a product and a sum for each feature, which the layer before can take in.

    That is `(x - mean) / sqrt(variance + epsilon) * scale + bias`, over weights of these names
    (the last two may be missing) and the attribute `epsilon`, along the last axis.
    """

    mean: str = "mean"
    variance: str = "var"
    scale: str = "scale"
    bias: str = "bias"
    epsilon: str = "epsilon"


@dataclass(frozen=True)
class Literal:
    """A number that the spec says.

    Args:
        attribute: which has it.
    """

    attribute: str = "value"


@dataclass(frozen=True)
class ChangesDomain:
    """Its value varies over other axes than its input: it goes over some, or makes them.

    Args:
        given: the attribute for which it does, where it does not always.
    """

    given: str | None = None


@dataclass(frozen=True)
class ShapeToSteps:
    """The first axis of its input becomes one of steps.

    Args:
        to: the attribute that names it.
    """

    to: str = "to"


@dataclass(frozen=True)
class StepsToShape:
    """An axis of steps becomes the first axis of its value.

    Args:
        given: the attribute that names it, where there is one.
        length: the attribute that says how long the axis of the value is.
    """

    given: str = "over"
    length: str = "length"


@dataclass(frozen=True)
class AlongEdges:
    """Nodes and edges of a graph meet in it: it takes `$graph`."""


@dataclass(frozen=True)
class KeepsZeros:
    """Leaves zeros as they are, and takes an input of which only the others are held."""


@dataclass(frozen=True)
class MultipliesSparse:
    """Where it narrows its input it begins with a product, and takes a sparse input."""


@dataclass(frozen=True)
class OverPairs:
    """Its value is over the pairs of nodes that the data asks for: it takes `$pairs`."""


@dataclass(frozen=True)
class Concatenates:
    """Puts its items side by side, along the last axis where its attribute `axis` is -1."""


@dataclass(frozen=True)
class Spelled:
    """Written in formulas as an operator."""

    operator: str


@dataclass(frozen=True)
class Reduces:
    """Makes one number of many.

    Args:
        between: the operation that does the same to several values, number by number.
    """

    between: str | None = None


@dataclass(frozen=True)
class Logits:
    """Turns logits into probabilities, which losses do themselves."""


@dataclass(frozen=True)
class TanhLike:
    """Is `factor * tanh(factor * x) + (1 - factor)`, for tanh with 1, for a sigmoid with 1 / 2."""

    factor: float


@dataclass(frozen=True)
class Unchanged:
    """Gives its input unchanged wherever the type stays the same (`flatten`, `reshape`)."""
