# The methods of a graph that is built in Python, written by `python -m graphc.insight.stub`.

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from graphc.api import Graph
from graphc.build.builder import Value

Argument = Value | str
Arguments = Argument | Sequence[Argument]
Body = Callable[[Graph, Value], Value]

class Methods:
    def abs(self, x: Arguments, *, name: str | None = None) -> Value:
        """The absolute value."""

    def add(self, *values: Arguments, name: str | None = None) -> Value:
        """The sum of values: `a + b + ...`."""

    def argmax(self, x: Arguments, *, name: str | None = None) -> Value:
        """The place of the largest number along the last axis: [..., n] -> int [...] below n."""

    def average_pool(
        self,
        x: Arguments,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] | None = None,
        padding: Literal["same", "valid"] = "valid",
        name: str | None = None,
    ) -> Value:
        """The mean of each window, channel by channel.

        Shapes: [h, w, c] -> [h', w', c], with h' as for `conv`. What pads is not counted: a window at
        the border is the mean of what lies inside the image (as in Keras, not as in PyTorch).

        Args:
            window: height and width of the window.
            stride: steps between two windows; as long as the window if left out.
            padding: around the image (same), or none (valid).
        """

    def batch_norm(
        self,
        x: Arguments,
        *,
        scale: bool = True,
        bias: bool = True,
        scale_init: float | str | Mapping[str, Any] = "ones",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        momentum: float = 0.9,
        epsilon: float = 1e-05,
        name: str | None = None,
    ) -> Value:
        """Batch normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

        Shapes: [..., n] -> [..., n]. While training, mean and variance of each feature are those of the
        batch: over all points of the domain (examples, and steps or nodes) and all axes but the last;
        rows that pad the batch do not count. The running statistics become
        `momentum * running + (1 - momentum) * batch`, and evaluation uses them.

        References: Ioffe and Szegedy, "Batch normalization", 2015. The running variance is the biased
        one, as in Flax; the paper and PyTorch take the unbiased one.

        Args:
            scale: whether each feature is multiplied by a learned number.
            bias: whether a learned number is added to each feature.
            scale_init: how the scale is drawn.
            bias_init: how the bias is drawn.
            momentum: the share of the running statistics that a step keeps.
            epsilon: added to the variance.
        """

    def concat(self, *values: Arguments, axis: int = -1, name: str | None = None) -> Value:
        """Values side by side along an axis.

        Shapes: [..., n], [..., m], ... -> [..., n + m + ...]; a single number counts as [1]. Along
        another axis, `axis: 0`, [n, c], [m, c], ... -> [n + m + ..., c]. A value that lacks an axis of
        the domain is repeated along it.

        Args:
            axis: the axis along which they stand.
        """

    def constant(self, value: int | float, *, name: str | None = None) -> Value:
        """A number of the spec, the same at every point.

        Shapes: -> [].

        Args:
            value: the number.
        """

    def conv(
        self,
        x: Arguments,
        features: int,
        *,
        kernel: int | Sequence[int] = 3,
        stride: int | Sequence[int] = 1,
        padding: Literal["same", "valid"] = "same",
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        name: str | None = None,
    ) -> Value:
        """A convolution over height and width: `y = activation(x * kernel + bias)`.

        Shapes: [h, w, c] -> [h', w', features]; the kernel is [*kernel, c, features]. With stride s,
        `padding: same` gives h' = ceil(h / s) and `padding: valid` h' = floor((h - k) / s) + 1.

        References: LeCun et al., "Gradient-based learning applied to document recognition", 1998.

        Args:
            features: how many channels come out.
            kernel: height and width of the kernel.
            stride: steps between two places of the kernel.
            padding: zeros around the image (same), or none (valid).
            activation: applied to the result.
            bias: whether a learned number is added to each channel.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
        """

    def dense(
        self,
        x: Arguments,
        features: int,
        *,
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        axis: int | None = None,
        name: str | None = None,
    ) -> Value:
        """A fully connected layer: `y = activation(x @ kernel + bias)`.

        Shapes: [n] -> [features]; the kernel is [n, features]. With `axis` it is applied along that
        axis at every place of the others: [..., n] -> [..., features] for -1, and for -2, as in the
        token mixing of MLP-Mixer, [n, c] -> [features, c].

        Args:
            features: how many numbers come out.
            activation: applied to the result.
            bias: whether a learned number is added to each feature.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            axis: the axis that becomes `features`, where the input has several.
        """

    def divide(self, a: Arguments, b: Arguments, *, name: str | None = None) -> Value:
        """Quotient: `a / b`."""

    def dropout(self, x: Arguments, rate: float, *, name: str | None = None) -> Value:
        """While training, each number is zero with probability `rate`, and else divided by `1 - rate`.

        Shapes: any, unchanged. The random key is an argument of the call, never state: the same key
        drops the same numbers in rolled, scanned and resumed runs.

        References: Srivastava et al., "Dropout", 2014.

        Args:
            rate: the probability of zero.
        """

    def elu(self, x: Arguments, alpha: float = 1.0, *, name: str | None = None) -> Value:
        """`x` where it is positive, `alpha * (exp(x) - 1)` elsewhere (Clevert et al. 2016).

        Args:
            alpha: minus the limit far below zero.
        """

    def embed(
        self,
        x: Arguments,
        features: int,
        *,
        embedding_init: float | str | Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> Value:
        """A learned vector for each whole number: `y = embedding[x]`.

        Shapes: int [...] below n -> [..., features]; the embedding is [n, features].

        Args:
            features: the length of each vector.
            embedding_init: how the vectors are drawn; if left out, normal with variance 1 / features.
        """

    def exp(self, x: Arguments, *, name: str | None = None) -> Value:
        """The exponential."""

    def expand_dims(self, x: Arguments, axis: int = -1, *, name: str | None = None) -> Value:
        """A new axis of length 1.

        Shapes: [n] -> [n, 1], so that it meets [n, m] in a formula; [1, n] for `axis: 0`.

        Args:
            axis: where the new axis stands in the new shape.
        """

    def flatten(self, x: Arguments, *, name: str | None = None) -> Value:
        """All numbers of a point in one axis, the last axis running fastest.

        Shapes: [h, w, c] -> [h * w * c]; [] -> [1].
        """

    def flip(self, x: Arguments, axis: int = -1, *, name: str | None = None) -> Value:
        """The entries of an axis in the opposite order.

        Shapes: any, unchanged.

        Args:
            axis: the axis that is turned round.
        """

    def gelu(self, x: Arguments, approximate: bool = True, *, name: str | None = None) -> Value:
        """`x` times the probability that a standard normal is below x (Hendrycks and Gimpel 2016).

        Args:
            approximate: whether tanh stands in for the normal distribution.
        """

    def global_average_pool(self, x: Arguments, *, name: str | None = None) -> Value:
        """The mean of each channel over height and width.

        Shapes: [h, w, c] -> [c].

        References: Lin et al., "Network in network", 2014.
        """

    def global_max_pool(self, x: Arguments, *, name: str | None = None) -> Value:
        """The largest number of each channel over height and width.

        Shapes: [h, w, c] -> [c].
        """

    def highway(
        self,
        x: Arguments,
        body: Body,
        *,
        gate_bias: float = -2.0,
        name: str | None = None,
    ) -> Value:
        """The block or network `highway`."""

    def identity(self, x: Arguments, *, name: str | None = None) -> Value:
        """The value itself: `y = x`.

        Shapes: any, unchanged.
        """

    def layer_norm(
        self,
        x: Arguments,
        *,
        scale: bool = True,
        bias: bool = True,
        scale_init: float | str | Mapping[str, Any] = "ones",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        epsilon: float = 1e-06,
        name: str | None = None,
    ) -> Value:
        """Layer normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

        Shapes: [..., n] -> [..., n]; mean and variance are those of the last axis, at each point alone.

        References: Ba et al., "Layer normalization", 2016.

        Args:
            scale: whether each feature is multiplied by a learned number.
            bias: whether a learned number is added to each feature.
            scale_init: how the scale is drawn.
            bias_init: how the bias is drawn.
            epsilon: added to the variance.
        """

    def leaky_relu(
        self,
        x: Arguments,
        negative_slope: float = 0.01,
        *,
        name: str | None = None,
    ) -> Value:
        """`x` where it is positive, `negative_slope * x` elsewhere (Maas et al. 2013).

        Args:
            negative_slope: the slope below zero.
        """

    def log(self, x: Arguments, *, name: str | None = None) -> Value:
        """The natural logarithm."""

    def log_softmax(self, x: Arguments, *, name: str | None = None) -> Value:
        """The logarithm of `softmax`, without its rounding: [..., n] -> [..., n]."""

    def max_pool(
        self,
        x: Arguments,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] | None = None,
        padding: Literal["same", "valid"] = "valid",
        name: str | None = None,
    ) -> Value:
        """The largest number of each window, channel by channel.

        Shapes: [h, w, c] -> [h', w', c], with h' as for `conv`. What pads never wins. Where several are
        largest, the gradient is shared among them.

        Args:
            window: height and width of the window.
            stride: steps between two windows; as long as the window if left out.
            padding: around the image (same), or none (valid).
        """

    def maximum(self, *values: Arguments, name: str | None = None) -> Value:
        """The larger of values: `max(a, b, ...)`."""

    def mean(self, x: Arguments, *, name: str | None = None) -> Value:
        """The mean over all features of a point: [...] -> []."""

    def minimum(self, *values: Arguments, name: str | None = None) -> Value:
        """The smaller of values: `min(a, b, ...)`."""

    def multiply(self, *values: Arguments, name: str | None = None) -> Value:
        """The product of values: `a * b * ...`."""

    def negative(self, x: Arguments, *, name: str | None = None) -> Value:
        """The negative: `-x`.

        Shapes: any, unchanged.
        """

    def one_hot(self, x: Arguments, *, name: str | None = None) -> Value:
        """A one at the place that the number names, and zeros elsewhere.

        Shapes: int [...] below n -> [..., n].
        """

    def parallel(self, x: Arguments, *, name: str | None = None, **attributes: Any) -> Value:
        ...

    def permute(self, x: Arguments, axes: Sequence[int], *, name: str | None = None) -> Value:
        """The axes of a point in another order: the first is the axis `axes[0]` of x, and so on.

        Shapes: [h, w, c] -> [c, h, w] for `permute: [2, 0, 1]`.

        Args:
            axes: all axes of the shape in their new order.
        """

    def pick(self, x: Arguments, index: Arguments, *, name: str | None = None) -> Value:
        """The entry of the last axis that a whole number names: `y = x[..., index]`.

        Shapes: [..., n], int [...] below n -> [...]: the value of the chosen action, the probability
        of the right class.
        """

    def power(self, base: Arguments, exponent: Arguments, *, name: str | None = None) -> Value:
        """Power: `base ** exponent`."""

    def relu(self, x: Arguments, *, name: str | None = None) -> Value:
        """The positive part: `max(x, 0)`."""

    def repeat(self, x: Arguments, *, name: str | None = None, **attributes: Any) -> Value:
        ...

    def reshape(self, x: Arguments, shape: Sequence[int], *, name: str | None = None) -> Value:
        """The numbers of a point, in the same order, in another shape.

        Shapes: any -> `shape`, where one -1 stands for whatever is left.

        Args:
            shape: the new shape of one point; -1 once at most.
        """

    def residual(
        self,
        x: Arguments,
        body: Body,
        *,
        shortcut: str = "identity",
        name: str | None = None,
    ) -> Value:
        """The block or network `residual`."""

    def roll(self, x: Arguments, shift: int, *, axis: int = -1, name: str | None = None) -> Value:
        """The entries of an axis moved on by `shift` places; those that leave come in at the front.

        Shapes: any, unchanged.

        Args:
            shift: how many places each entry moves; below 0 towards the front.
            axis: the axis along which they move.
        """

    def shortcut(
        self,
        x: Arguments,
        like: Arguments,
        kind: Literal["identity", "project", "pad"] = "identity",
        *,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        name: str | None = None,
    ) -> Value:
        """What a residual block adds to its body: x, brought to the shape of `like`.

        Shapes: x [h, w, c], like [h', w', c'] -> [h', w', c'], or x [n], like [m] -> [m]. Only the
        shape of `like` matters. Where the shapes are equal it is x. Otherwise

        - `identity` refuses;
        - `project` multiplies the channels by a learned kernel [c, c'], without bias, at every s-th
          place where h' = ceil(h / s): a strided 1x1 convolution (option B of the paper);
        - `pad` takes every s-th place and appends channels of zeros (option A).

        The projection is written as a matrix product, which is faster than a library convolution on the
        CPU and may stand inside a loop.

        References: He et al., "Deep residual learning for image recognition", 2016.

        Args:
            kind: what to do with unequal shapes.
            kernel_init: how the kernel of a projection is drawn.
        """

    def sigmoid(self, x: Arguments, *, name: str | None = None) -> Value:
        """The logistic function: `1 / (1 + exp(-x))`."""

    def silu(self, x: Arguments, *, name: str | None = None) -> Value:
        """`x * sigmoid(x)` (Elfwing et al. 2018)."""

    def slice(
        self,
        x: Arguments,
        *,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        axis: int = -1,
        name: str | None = None,
    ) -> Value:
        """The entries of an axis from `start` up to, but without, `stop`.

        Shapes: [..., n] -> [..., ceil((stop - start) / step)]. Places below 0 count from the end, as
        in Python: `stop: -1` leaves the last entry out.

        Args:
            start: the first place that is taken.
            stop: the place behind the last; the end if left out.
            step: from one place that is taken to the next.
            axis: the axis that is cut.
        """

    def softmax(self, x: Arguments, *, name: str | None = None) -> Value:
        """Probabilities over the last axis: `exp(x) / sum(exp(x))`; [..., n] -> [..., n]."""

    def softplus(self, x: Arguments, *, name: str | None = None) -> Value:
        """`log(1 + exp(x))`."""

    def split(
        self,
        x: Arguments,
        into: Sequence[str],
        *,
        sizes: Sequence[int] | None = None,
        axis: int = -1,
        name: str | None = None,
    ) -> Value:
        """Parts of a value along an axis, each an output with a name.

        Shapes: [..., n] -> k times [..., n / k], or with `sizes` as long as those say, which together
        are n. After `code: {split: {into: [mean, log_variance]}}` they are `code.mean` and
        `code.log_variance`; `code` alone is the first.

        Args:
            into: the names of the parts, in their order.
            sizes: how long each part is; equally long if left out.
            axis: the axis that is split.
        """

    def sqrt(self, x: Arguments, *, name: str | None = None) -> Value:
        """The square root."""

    def square(self, x: Arguments, *, name: str | None = None) -> Value:
        """`x * x`."""

    def squeeze(self, x: Arguments, axis: int = -1, *, name: str | None = None) -> Value:
        """The value without an axis of length 1.

        Shapes: [n, 1] -> [n].

        Args:
            axis: the axis that goes.
        """

    def stack(self, axis: int = 0, *values: Arguments, name: str | None = None) -> Value:
        """Values of one shape along a new axis.

        Shapes: k times [n] -> [k, n], or [n, k] for `axis: -1`. A value that lacks an axis of the
        domain is repeated along it.

        Args:
            axis: where the new axis stands in the new shape.
        """

    def subtract(self, a: Arguments, b: Arguments, *, name: str | None = None) -> Value:
        """Difference: `a - b`."""

    def sum(self, x: Arguments, *, name: str | None = None) -> Value:
        """The sum over all features of a point: [...] -> []."""

    def tanh(self, x: Arguments, *, name: str | None = None) -> Value:
        """The hyperbolic tangent."""

    def tile(self, x: Arguments, times: int, *, axis: int = -1, name: str | None = None) -> Value:
        """The value several times over, one copy after another along an axis.

        Shapes: [..., n] -> [..., times * n].

        Args:
            times: how many copies.
            axis: the axis along which they stand.
        """

    def where(
        self,
        condition: Arguments,
        x: Arguments,
        y: Arguments,
        *,
        name: str | None = None,
    ) -> Value:
        """`x` where the condition holds and `y` elsewhere.

        Shapes: a bool and two floats, which combine as in formulas.
        """
