"""What losses and metrics share: their bases, and which outputs and targets go together."""

from __future__ import annotations

from typing import ClassVar

from graphc.core.code import Code, code
from graphc.core.declaration import Declaration
from graphc.core.operands import operand
from graphc.core.operation import ShapeError
from graphc.core.types import PAIRS, Type, nodes_axis
from graphc.ops.broadcasting import broadcast
from graphc.ops.reductions import features_axes


class Loss(Declaration):
    """The base of losses: one number for each point of the output's domain.

    `call` is the expression of that number over the holes `$output`, `$target` and attributes; it
    may name functions of the emitted module's library. Where it depends on the types, `call_code`
    chooses it.

    Attributes:
        metrics: the names of the metrics that suit it, measured where a spec names none.
        takes_logits: whether a softmax or sigmoid before it is a mistake.
        without: why it is one.
        mean: what makes of the output what stands against the target: softmax, sigmoid or exp.
    """

    call: ClassVar[Code]
    metrics: ClassVar[tuple[str, ...]] = ()
    takes_logits: ClassVar[bool] = False
    without: ClassVar[str] = "the loss applies it itself"
    mean: ClassVar[str | None] = None

    def check(self, output: Type, target: Type) -> None:
        """Raise ShapeError where output and target do not go together."""

    def call_code(self, output: Type, target: Type) -> Code:
        """The expression of the loss for values of these types."""
        return self.call

    def each_code(self, output: Type, target: Type) -> Code | None:
        """The expression of its numbers before their mean, where it is one over features."""
        return None

    def mean_of(self, output: Type, target: Type) -> str | None:
        """What makes of an output of this type what stands against the target."""
        return self.mean


class Metric(Loss):
    """The base of metrics: one number for each point, averaged over all of them.

    A metric that is no such mean has a `value`. Its `call` gives a number or an array of counts for
    each point, which are added up over all points, and `value` is what they say.

    Attributes:
        larger_is_better: which of two checkpoints is the better one by it.
        counts: whether its `call` gives an array for each point.
        is_number: whether it is a single number, which can say what the best checkpoint is.
        value: the expression of the metric over the hole `$total`, the sum over all points, and
            the name `count`, their number. It is computed on the host, outside of compiled code,
            from arrays of numpy or jax.
    """

    larger_is_better: ClassVar[bool] = False
    counts: ClassVar[bool] = False
    is_number: ClassVar[bool] = True
    value: ClassVar[Code | None] = None

    def value_code(self, output: Type, target: Type) -> Code | None:
        """The expression of the metric for values of these types; None for a mean."""
        return self.value


class OfClasses:
    """What compares logits with the number of the right class, at every place of a point."""

    name: ClassVar[str]

    def check(self, output: Type, target: Type) -> None:
        check_classes(self.name, output, target)


class OfClassesOrLabels:
    """What compares logits with classes, or single logits with yes or no."""

    name: ClassVar[str]

    def check(self, output: Type, target: Type) -> None:
        if not is_binary(output, target):
            check_classes(self.name, output, target)
        check_domain(self.name, output, target)


class OfNumbers:
    """What is a function of two numbers, averaged over features.

    Attributes:
        each: its expression over `{0}`, the output, and `{1}`, the target.
    """

    name: ClassVar[str]
    each: ClassVar[str]

    def check(self, output: Type, target: Type) -> None:
        check_numbers(self.name, output, target)

    def call_code(self, output: Type, target: Type) -> Code:
        return mean_over(self._each(output, target), output)

    def each_code(self, output: Type, target: Type) -> Code | None:
        return code(self._each(output, target))

    def _each(self, output: Type, target: Type) -> str:
        return self.each.format("$output", number_target(output, target))


def mean_over(each: str, kind: Type) -> Code:
    """The mean of an expression over the features that a value of this type has."""
    return code(f"jnp.mean({each}, axis={features_axes(kind)})" if kind.shape else each)


def places_axes(target: Type) -> str:
    """The argument `, axis=...` of the axes of the places that a target has; "" for one place."""
    places = tuple(range(len(target.domain), target.rank))
    return f", axis={places}" if places else ""


def is_binary(output: Type, target: Type) -> bool:
    """Whether a single logit stands against each yes or no, which is a bool or an int below 2."""
    yes_or_no = target.dtype == "bool" or (target.dtype == "int" and target.below == 2)
    return yes_or_no and output.dtype == "float" and _one_for_each(output, target)


def has_labels(output: Type, target: Type) -> bool:
    """Whether the last axis of yes or no is several labels, of which any number may be right."""
    return is_binary(output, target) and output.shape == target.shape and output.features > 1


def _one_for_each(output: Type, target: Type) -> bool:
    return output.shape in (target.shape, (*target.shape, 1))


def single_logits(output: Type, target: Type) -> str:
    """The hole `$output` in the shape of a target of yes or no."""
    return "$output" if output.shape == target.shape else "$output[..., 0]"


def class_logits(output: Type, target: Type) -> str:
    """The hole `$output` with a logit for each class; a single one is that of the second of two."""
    if not is_binary(output, target):
        return "$output"
    return f"two_classes({single_logits(output, target)})"


def number_target(output: Type, target: Type) -> str:
    """The hole `$target` as it broadcasts to the output."""
    if target.shape == (*output.shape, 1):
        within = operand("target", target.with_shape(output.shape), output)
        return within.replace("$target", "$target[..., 0]")
    return operand("target", target, output)


def check_numbers(name: str, output: Type, target: Type) -> None:
    """Raise ShapeError unless the target is floats that broadcast to the output."""
    if target.dtype != "float":
        fitting = "classes go with `cross_entropy`"
        if is_binary(output, target) or target.dtype == "bool":
            fitting = f"yes or no goes with `binary_cross_entropy`, {fitting}"
        raise ShapeError(f"`{name}` compares numbers, but the target is {target}", fitting)
    if target.shape == (*output.shape, 1):
        target = target.with_shape(output.shape)
    whole = broadcast(name, (output, target))
    if whole.shape != output.shape or set(whole.domain) != set(output.domain):
        raise ShapeError(
            f"`{name}` compares number by number, but the output is {output} and the"
            f" target is {target}",
            "give both the same shape",
        )


def check_binary(name: str, output: Type, target: Type, soft: bool = False) -> None:
    """Raise ShapeError unless there is a single logit for each yes or no.

    Args:
        soft: whether the target may also be floats, which are probabilities.
    """
    if PAIRS in target.domain and PAIRS not in output.domain:
        message = f"`{name}` needs one logit for each pair of nodes, but the output is {output}"
        raise ShapeError(
            f"{message} and the target is {target}", "end the network with `edge_score`"
        )
    if target.dtype == "int" and target.below != 2:
        raise ShapeError(
            f"`{name}` needs yes or no for each logit, but the target is {target}",
            "classes go with `cross_entropy`, one logit for each",
        )
    if target.dtype == "float" and not soft:
        raise ShapeError(
            f"`{name}` needs yes or no, but the target is {target}",
            "numbers go with `mean_squared_error`; a csv or npz file has `kind: classes`",
        )
    if output.dtype != "float" or not _one_for_each(output, target):
        wanted = list(target.shape) or "[] or [1]"
        raise ShapeError(
            f"`{name}` needs one logit for each yes or no, {wanted}, but the output is {output}",
            f"end the network with {target.features} feature{'s' * (target.features > 1)},"
            " or use `cross_entropy` with a logit for each class",
        )
    check_domain(name, output, target)


def check_domain(name: str, output: Type, target: Type) -> None:
    """Raise ShapeError unless output and target have the same points."""
    if set(target.domain) != set(output.domain):
        raise ShapeError(
            f"`{name}` needs one target for each point, but the output is {output} and the target"
            f" is {target}",
            _same_points(output, target),
        )


def _same_points(output: Type, target: Type) -> str:
    """How both come to have the same points."""
    if nodes_axis(output) is not None and nodes_axis(target) is None:
        return "make one value of all nodes with `graph_pool`"
    return "bring both to one for each example, or one for each step or node"


def check_classes(name: str, output: Type, target: Type) -> None:
    """Raise ShapeError unless these are logits [..., n] and classes int [...] below n."""
    places = target.shape if target.dtype == "int" else ()
    if output.dtype != "float" or not output.shape or output.shape[:-1] != places:
        raise _no_logits(name, output, target, places)
    if target.dtype != "int":
        raise ShapeError(
            f"`{name}` needs the numbers of the right classes, but the target is {target}",
            _fitting(output, target),
        )
    if set(target.domain) != set(output.domain):
        raise ShapeError(
            f"`{name}` needs one class for each point, but the output is {output} and the target is"
            f" {target}",
            _same_points(output, target),
        )
    if target.below is None:
        raise ShapeError(
            f"`{name}` needs to know the number of classes, but the target is {target}",
            f"declare it with `below: {output.features}`",
        )
    if target.below != output.features:
        raise ShapeError(
            f"`{name}` has {output.features} logit{'s' * (output.features > 1)} for {target.below}"
            " classes",
            f"give the last layer {target.below} features"
            + (", or use `binary_cross_entropy`" if is_binary(output, target) else ""),
        )


def _fitting(output: Type, target: Type) -> str:
    """What goes with a target that is no classes."""
    if target.dtype == "bool":
        return "yes or no goes with `binary_cross_entropy`, one logit for each"
    fitting = "numbers go with `mean_squared_error`"
    if target.shape == output.shape and target.size > 1:
        fitting = f"probabilities go with `kl_divergence`, other {fitting}"
    return f"{fitting}; a csv or npz file has `kind: classes`"


def _no_logits(name: str, output: Type, target: Type, places: tuple[int, ...]) -> ShapeError:
    if not places:
        message = f"`{name}` needs logits [classes], but the output is {output}"
        return ShapeError(message, "end the network with `dense`, one feature for each class")
    wanted = f"[{', '.join(map(str, places))}, classes]"
    return ShapeError(
        f"`{name}` needs logits {wanted}, but the output is {output} and the target is {target}",
        f"end the network with `conv: {{features: {target.below or '...'}, kernel: 1}}` at the size"
        " of the target, one feature for each class",
    )
