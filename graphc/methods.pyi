# The methods of a graph that is built in Python, written by `python -m graphc.insight.stub`.

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from graphc.api import Graph
from graphc.build.builder import Value

Argument = Value | str
Arguments = Argument | Sequence[Argument]
Body = Callable[[Graph, Value], Value]

class Methods:
    def abs(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The absolute value."""

    def adaptive_average_pool(
        self,
        x: Arguments,
        size: int | Sequence[int],
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The means of windows that are laid over the image so that `size` of them cover it.

        Shapes: [..., c] -> [*size, c], with one to three spatial axes. Along an axis of n, window i of
        m goes from floor(i * n / m) to before ceil((i + 1) * n / m), as in PyTorch: windows of n / m
        side by side where m divides n, and otherwise windows of unequal length that may share a number.

        References: He et al., "Spatial pyramid pooling in deep convolutional networks", 2015.

        Args:
            size: how many numbers are left along each spatial axis.
        """

    def adaptive_max_pool(
        self,
        x: Arguments,
        size: int | Sequence[int],
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The largest numbers of windows that are laid as by `adaptive_average_pool`.

        Shapes: [..., c] -> [*size, c], with one to three spatial axes. Where several are largest, the
        gradient is shared among them.

        References: He et al., "Spatial pyramid pooling in deep convolutional networks", 2015.

        Args:
            size: how many numbers are left along each spatial axis.
        """

    def add(self, *values: Arguments, name: str | None = None, remat: bool | None = None) -> Value:
        """The sum of values: `a + b + ...`."""

    def aggregate(
        self,
        x: Arguments,
        how: Literal["sum", "mean", "max"] = "sum",
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """What arrives at each node: the sum, the mean or the largest over the edges that lead to it.

        A node that no edge leads to gets 0.

        Shapes: [edges, ...] -> [nodes, ...].

        References: Gilmer, Schoenholz, Riley, Vinyals and Dahl, "Neural message passing for quantum
        chemistry", 2017.

        Args:
            how: what becomes of the edges that lead to a node.
        """

    def alpha_dropout(
        self,
        x: Arguments,
        rate: float,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Dropout for `selu`: mean and variance of standardised numbers stay 0 and 1.

        Shapes: any, unchanged. While training, each number is -1.7581, the limit of selu far below
        zero, with probability `rate`; all are then scaled and shifted.

        References: Klambauer et al., "Self-normalizing neural networks", 2017.

        Args:
            rate: the probability of the lower limit.
        """

    def argmax(
        self,
        x: Arguments,
        axis: int = -1,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The place of the largest number along an axis: [..., n] -> int [...] below n.

        Args:
            axis: the axis whose places are counted, from 0.
        """

    def argmin(
        self,
        x: Arguments,
        axis: int = -1,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The place of the smallest number along an axis: [..., n] -> int [...] below n.

        Args:
            axis: the axis whose places are counted, from 0.
        """

    def attention(
        self,
        query: Arguments,
        heads: int,
        *,
        memory: Arguments | None = None,
        visible: Arguments | None = None,
        features: int | None = None,
        head_features: int | None = None,
        causal: bool = False,
        rotary: bool = False,
        rotary_base: float = 10000.0,
        dropout: float = 0.0,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """Multi-head attention: each token of the query reads the tokens of the memory.

        For each head, `softmax(q @ k.T / sqrt(n)) @ v`, where q, k and v are learned projections of
        the query, the memory and the memory with n features for each head; the heads side by side go
        through a last projection. Without a memory the query reads itself (self-attention).

        Shapes: query [tokens, n], memory [others, m] -> [tokens, features]. `visible` is a bool
        [others], or [tokens, others], that is true where a token may be read; with `causal` a token
        reads itself and those before it.

        Steps are tokens too: a memory [time, m] is read over time, without its absent steps. Of a query
        over the same axis each step reads it, [time, n] -> [time, features], with `causal` and `rotary`
        as for tokens; of one over another axis as well. Any other query reads it once: [n] ->
        [features], [tokens, n] -> [tokens, features]. `visible` is then a bool for each step.

        The kernels are [n, heads * head_features] for the query,
        [m, heads * head_features] for key and value, and [heads * head_features, features] for out.

        References: Vaswani et al., "Attention is all you need", 2017. `rotary`: Su et al., "RoFormer",
        2021. `dropout` is that of the weights, as is usual; the first paper has it elsewhere.

        Args:
            heads: how many heads.
            features: how many numbers come out for each token; as many as the query has if left out.
            head_features: how many numbers a head has; those of the query shared out if left out.
            causal: whether no token reads those after it.
            rotary: whether positions turn queries and keys.
            rotary_base: how much slower each pair of features turns.
            dropout: the probability that a weight is zero while training.
            bias: whether the projections add a learned number.
            kernel_init: how the kernels are drawn.
            bias_init: how the biases are drawn.
            over: the axis of steps that is read, where the memory has several.
        """

    def average_pool(
        self,
        x: Arguments,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] | None = None,
        padding: Literal["same", "valid", "causal"] | int | Sequence[int | Sequence[int]] = "valid",
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The mean of each window, channel by channel.

        Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. What pads
        is not counted: a window at the border is the mean of what lies inside the image (as in Keras;
        PyTorch counts the zeros). `over: time` is that of `max_pool`; absent steps are not counted.

        Args:
            window: how long the window is along each spatial axis.
            stride: steps between two windows; as long as the window if left out.
            padding: around the image, or the steps, as for `conv`.
            over: an axis of steps to slide over, in place of those of an image: `over: time`.
        """

    def batch_norm(
        self,
        x: Arguments,
        *,
        scale: bool = True,
        scale_init: float | str | Mapping[str, Any] = "ones",
        bias: bool = True,
        bias_init: float | str | Mapping[str, Any] = "zeros",
        momentum: float = 0.9,
        epsilon: float = 1e-05,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Batch normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

        Shapes: [..., n] -> [..., n]. While training, mean and variance of each feature are those of the
        batch: over all points of the domain (examples, and steps or nodes) and all axes but the last,
        however many there are; rows that pad the batch do not count. The running statistics become
        `momentum * running + (1 - momentum) * batch`, and evaluation uses them.

        References: Ioffe and Szegedy, "Batch normalization", 2015. The running variance is the biased
        one, as in Flax; the paper and PyTorch take the unbiased one. PyTorch's `momentum` is
        1 - `momentum`.

        Args:
            scale: whether each feature is multiplied by a learned number.
            scale_init: how the scale is drawn.
            bias: whether a learned number is added to each feature.
            bias_init: how the bias is drawn.
            momentum: the share of the running statistics that a step keeps.
            epsilon: added to the variance.
        """

    def bernoulli(
        self,
        like: Arguments,
        shape: Sequence[int] | None = None,
        *,
        p: float = 0.5,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Random zeros and ones: 1 with the probability `p`.

        Shapes: any -> `shape`, or the same. One draw for each point, as `normal` has it.

        Args:
            shape: the shape; default: that of the value it is like.
            p: the probability of 1.
        """

    def bidirectional(
        self,
        x: Arguments,
        body: Body,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `bidirectional`."""

    def ceil(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The next whole number above.

        Its gradient is 0 everywhere: nothing before it learns through it.
        """

    def celu(
        self,
        x: Arguments,
        alpha: float = 1.0,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x` where it is positive, `alpha * (exp(x / alpha) - 1)` elsewhere (Barron 2017).

        Args:
            alpha: minus the limit far below zero.
        """

    def chebyshev_conv(
        self,
        x: Arguments,
        features: int,
        *,
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        order: int = 3,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A polynomial of the Laplacian: `activation(concat(T_0 x, T_1 x, ...) @ kernel + bias)`.

        The T_k are the Chebyshev polynomials of `L - I` = `-D^-1/2 A D^-1/2`, with the normalised
        Laplacian L, whose eigenvalues are taken to be 0 to 2. So `order` terms reach `order` - 1 edges
        far.

        Shapes: [nodes, n] -> [nodes, features]; the kernel is [order n, features].

        References: Defferrard, Bresson and Vandergheynst, "Convolutional neural networks on graphs with
        fast localized spectral filtering", 2016.

        Args:
            features: how many numbers come out for each node.
            activation: applied to the result.
            bias: whether a learned number is added to each feature.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            order: how many polynomials there are.
        """

    def clip(
        self,
        x: Arguments,
        *,
        minimum: float | None = None,
        maximum: float | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The nearest number between `minimum` and `maximum`; the gradient is 0 beyond them.

        Args:
            minimum: the least number; none if left out.
            maximum: the largest number; none if left out.
        """

    def clockwork(
        self,
        x: Arguments,
        units: int,
        *,
        activation: str = "tanh",
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `clockwork`."""

    def color_jitter(
        self,
        x: Arguments,
        *,
        brightness: float = 0.0,
        contrast: float = 0.0,
        saturation: float = 0.0,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, brightness, contrast and saturation of an image change.

        Shapes: [height, width, c], unchanged; `saturation` needs three channels, red, green and blue.
        Each is a factor between 1 - a and 1 + a: of all numbers, of their distance from the image's
        mean, and of their distance from the grey of the place (0.299 r + 0.587 g + 0.114 b).

        Args:
            brightness: how far its factor is from 1 at most.
            contrast: how far its factor is from 1 at most.
            saturation: how far its factor is from 1 at most.
        """

    def concat(
        self,
        *values: Arguments,
        axis: int = -1,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Values side by side along an axis.

        Shapes: [..., n], [..., m], ... -> [..., n + m + ...]; a single number counts as [1]. Along
        another axis, `axis: 0`, [n, c], [m, c], ... -> [n + m + ..., c]. A value that lacks an axis of
        the domain is repeated along it.

        Args:
            axis: the axis along which they stand.
        """

    def constant(
        self,
        value: int | float,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
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
        dilation: int | Sequence[int] = 1,
        padding: Literal["same", "valid", "circular", "reflect", "causal"] | int | Sequence[int | Sequence[int]] = "same",
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        groups: int = 1,
        over: str | None = None,
        kernel_norm: str | Mapping[str, Any] | None = None,
        drop_connect: float = 0.0,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A convolution over the spatial axes: `y = activation(x * kernel + bias)`.

        Shapes: [n, c] -> [n', features], [h, w, c] -> [h', w', features] and [d, h, w, c] ->
        [d', h', w', features]; the kernel is [*kernel, c / groups, features]. Along one axis, y[i] is
        the sum over j of x[stride * i + dilation * j - before] kernel[j]; the kernel is not flipped.

        A kernel of k numbers spans r = dilation * (k - 1) + 1. `padding: valid` adds nothing and leaves
        n' = floor((n - r) / stride) + 1. A number, a list with one for each axis, or a list of
        [before, after] for each axis adds so many zeros to n. The other words leave
        n' = ceil(n / stride): `same` adds zeros, with an odd one behind; `circular` continues the image
        with itself and `reflect` mirrors it at its outermost numbers; `causal`, for one axis, adds
        zeros in front, so that no place sees what comes after it.

        With `groups`, channels and features are cut into as many equal parts, and each part of the
        features sees its own part of the channels.

        With `over: time` it goes along the steps of a sequence, [time, ..., c] -> [time, ..., features]
        with the kernel [kernel, c / groups, features], at each place of an image by itself. There are
        as many steps as before: the stride is 1 and `padding` either `same` or `causal`, with which no
        step sees a later one. Absent steps count as zeros.

        References: LeCun et al., "Gradient-based learning applied to document recognition", 1998;
        Yu and Koltun, "Multi-scale context aggregation by dilated convolutions", 2016; Krizhevsky et
        al., "ImageNet classification with deep convolutional neural networks", 2012 (groups).

        Args:
            features: how many channels come out.
            kernel: how long the kernel is along each spatial axis.
            stride: steps between two places of the kernel.
            dilation: steps between two numbers that the kernel sees.
            padding: what lies around the image: one of these words, or numbers of zeros.
            activation: applied to the result.
            bias: whether a learned number is added to each channel.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            groups: parts of the channels that do not see one another.
            over: an axis of steps to slide over, in place of those of an image: `over: time`.
            kernel_norm: how the kernel is normalised before each product.
            drop_connect: the probability that a number of the kernel is zero, drawn anew at each training step (Wan et al. 2013).
        """

    def conv_transpose(
        self,
        x: Arguments,
        features: int,
        *,
        kernel: int | Sequence[int] = 3,
        stride: int | Sequence[int] = 1,
        dilation: int | Sequence[int] = 1,
        padding: Literal["same", "valid"] | int | Sequence[int | Sequence[int]] = "same",
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        kernel_norm: str | Mapping[str, Any] | None = None,
        drop_connect: float = 0.0,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A transposed convolution: `y = activation(x * kernel + bias)`, x with zeros put in.

        Shapes: [..., c] -> [..., features], with one to three spatial axes; the kernel is
        [*kernel, c, features]. `stride - 1` zeros are put between the numbers of x, and every place at
        which a kernel sees one of them is kept: with a kernel of k numbers, which spans
        r = dilation * (k - 1) + 1, these are (n - 1) * stride + r along an axis of n. Of them,
        `padding` takes away what surrounds the result:

        - a number p, or [before, after]: n' = (n - 1) * stride + r - before - after, as in PyTorch,
          whose `output_padding` o beside p is [p, p - o] here;
        - `same`: r - stride, of which an odd one behind: n' = n * stride;
        - `valid`: nothing, so n' = (n - 1) * stride + r, as in PyTorch.

        Where stride > r, both words add stride - r zeros behind, and n' = n * stride. A kernel of 4
        with stride 2 and padding 1 doubles an image, and so does any kernel with stride 2 and `same`.

        The kernel is not flipped: PyTorch's weight [c, features, *kernel] is this one flipped along
        each spatial axis.

        References: Zeiler et al., "Deconvolutional networks", 2010; Dumoulin and Visin, "A guide to
        convolution arithmetic for deep learning", 2016.

        Args:
            features: how many channels come out.
            kernel: how long the kernel is along each spatial axis.
            stride: steps between two places of the kernel.
            dilation: steps between two numbers that the kernel sees.
            padding: what is taken away around the result: a word, or numbers.
            activation: applied to the result.
            bias: whether a learned number is added to each channel.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            kernel_norm: how the kernel is normalised before each product.
            drop_connect: the probability that a number of the kernel is zero, drawn anew at each training step (Wan et al. 2013).
        """

    def cos(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The cosine."""

    def cosine_similarity(
        self,
        a: Arguments,
        b: Arguments,
        epsilon: float = 1e-08,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The cosine of the angle between vectors: `dot(a, b) / (norm(a) * norm(b))`.

        Shapes: [n], [n] -> []; [slots, n], [n] -> [slots]; the axes before the last are equal, or only
        one input has any. A length below `epsilon` counts as that.

        Args:
            epsilon: the smallest length that is divided by.
        """

    def crop(
        self,
        x: Arguments,
        margins: int | Sequence[int | Sequence[int]],
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """An image without what lies at its sides.

        Shapes: [..., c] -> [..., c], any number of spatial axes, any kind of numbers; n becomes
        n - before - after.

        Args:
            margins: numbers on each side of each axis.
        """

    def cumulative_sum(
        self,
        x: Arguments,
        axis: int = -1,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The sum of each entry of an axis and all before it.

        Shapes: any, unchanged.

        Args:
            axis: the axis along which the sum grows.
        """

    def cutout(
        self,
        x: Arguments,
        size: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, a square of an image is zero.

        Shapes: [height, width, c], unchanged. Its centre is any place of the image, so that the square
        may lie partly outside.

        References: DeVries and Taylor, "Improved regularization of convolutional neural networks with
        cutout", 2017.

        Args:
            size: the length of its sides.
        """

    def dense(
        self,
        x: Arguments,
        features: int,
        *,
        activation: str | Mapping[str, Any] | None = None,
        bias: bool | Argument = True,
        kernel: Argument | None = None,
        transpose: bool = False,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        axis: int | None = None,
        kernel_norm: str | Mapping[str, Any] | None = None,
        drop_connect: float = 0.0,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A fully connected layer: `y = activation(x @ kernel + bias)`.

        Shapes: [n] -> [features]; the kernel is [n, features]. With `axis` it is applied along that
        axis at every place of the others: [..., n] -> [..., features] for -1, and for -2, as in the
        token mixing of MLP-Mixer, [n, c] -> [features, c].

        `kernel: token.table` takes the kernel from elsewhere, and `bias: NAME` the bias.

        References: for kernels that are embeddings, Press and Wolf, "Using the output embedding to
        improve language models", 2017.

        Args:
            features: how many numbers come out.
            activation: applied to the result.
            bias: whether a learned number is added to each feature, or the value that is.
            kernel: a value to take in place of a learned kernel.
            transpose: whether the kernel that it is given is [features, n].
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            axis: the axis that becomes `features`, where the input has several.
            kernel_norm: how the kernel is normalised before each product.
            drop_connect: the probability that a number of the kernel is zero, drawn anew at each training step (Wan et al. 2013).
        """

    def depthwise_conv(
        self,
        x: Arguments,
        multiplier: int = 1,
        *,
        kernel: int | Sequence[int] = 3,
        stride: int | Sequence[int] = 1,
        dilation: int | Sequence[int] = 1,
        padding: Literal["same", "valid", "circular", "reflect", "causal"] | int | Sequence[int | Sequence[int]] = "same",
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        over: str | None = None,
        kernel_norm: str | Mapping[str, Any] | None = None,
        drop_connect: float = 0.0,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """A convolution of each channel by itself: `y = activation(x * kernel + bias)`.

        Shapes: [..., c] -> [..., c * multiplier], with one to three spatial axes and sizes as for
        `conv`; the kernel is [*kernel, 1, c * multiplier], and the channels made of the first channel
        come first. It is `conv` with as many groups as channels; a kernel of at most 64 numbers is
        summed up slice by slice, which is many times faster on the CPU. `over: time` is that of `conv`.

        References: Sifre, "Rigid-motion scattering for image classification", 2014.

        Args:
            multiplier: how many channels come out of each.
            kernel: how long the kernel is along each spatial axis.
            stride: steps between two places of the kernel.
            dilation: steps between two numbers that the kernel sees.
            padding: what lies around the image: one of these words, or numbers of zeros.
            activation: applied to the result.
            bias: whether a learned number is added to each channel.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            over: an axis of steps to slide over, in place of those of an image: `over: time`.
            kernel_norm: how the kernel is normalised before each product.
            drop_connect: the probability that a number of the kernel is zero, drawn anew at each training step (Wan et al. 2013).
        """

    def divide(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Quotient: `a / b`."""

    def dot(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The sum of products along the last axis: `sum(a * b)` at each place of the others.

        Shapes: [n], [n] -> []; [..., n], [..., n] -> [...]. The axes before the last are equal, or
        only one input has any.
        """

    def drop_path(
        self,
        x: Arguments,
        rate: float,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, the whole value of an example is zero with probability `rate`.

        Shapes: any, unchanged. Values that stay are divided by `1 - rate`. At the end of the body of a
        `residual` this is stochastic depth: examples skip the layer at random.

        References: Huang et al., "Deep networks with stochastic depth", 2016, whose survival
        probability is 1 - `rate`; the paper draws once for a batch and multiplies in evaluation.

        Args:
            rate: the probability that an example's value is zero.
        """

    def dropout(
        self,
        x: Arguments,
        rate: float,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, each number is zero with probability `rate`, and else divided by `1 - rate`.

        Shapes: any, unchanged. The random key is an argument of the call, never state: the same key
        drops the same numbers in rolled, scanned and resumed runs. 16 random bits decide of each
        number, so `rate` counts to the nearest of 65,536.

        References: Srivastava et al., "Dropout", 2014.

        Args:
            rate: the probability of zero.
        """

    def echo_state(
        self,
        x: Arguments,
        h0: Arguments,
        units: int,
        *,
        spectral_radius: float = 0.9,
        leak: float = 1.0,
        input_scale: float = 1.0,
        sparsity: float = 0.9,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `echo_state`."""

    def edge_score(
        self,
        x: Arguments,
        method: Literal["dot", "bilinear", "mlp"] = "dot",
        *,
        hidden: int | None = None,
        directed: bool = False,
        kernel_init: float | str | Mapping[str, Any] = "glorot_uniform",
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A score for each pair of nodes that the data asks for: the logit of an edge between them.

        Out of what the two nodes u and v hold, h_u and h_v, the score is with

        - `dot`: their dot product;
        - `bilinear`: `h_u @ (kernel + kernel.T) / 2 @ h_v`;
        - `mlp`: the mean of `relu(concat(h_u, h_v) @ kernel + bias) @ score + offset` and of the same
          with u and v in each other's place.

        So the order of the two counts for nothing, unless the score is `directed`: then it is
        `h_u @ kernel @ h_v`, or the first of the two perceptrons alone, for an edge from u to v.

        Shapes: [nodes, n] -> [pairs]; the kernel is [n, n], that of the perceptron [2 n, hidden].

        References: Kipf and Welling, "Variational graph auto-encoders", 2016 (`dot`); Yang et al.,
        "Embedding entities and relations for learning and inference in knowledge bases", 2015
        (`bilinear`).

        Args:
            method: how the score of two nodes is made.
            hidden: of `mlp`: how many hidden units; default: as many as a node has features.
            directed: whether an edge from u to v has another score than one from v to u.
            kernel_init: how the kernel is drawn.
        """

    def edge_softmax(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Softmax over the edges that lead to the same node: `exp(x_e) / sum(exp(x_f))`.

        The sum goes over all edges f to the node that e leads to, so that the weights of what a node
        hears add up to 1. (`softmax` is over the features of an edge.)

        Shapes: [edges, ...], unchanged; each feature by itself.

        References: Velickovic et al., "Graph attention networks", 2018.
        """

    def einsum(
        self,
        equation: str,
        *values: Arguments,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A sum of products over feature axes, each named by a letter.

        Shapes: as the equation says: `ij,jk->ik` is the matrix product [n, k], [k, m] -> [n, m]. What
        does not stand behind `->` is summed over; a letter that stands twice in one term takes the
        diagonal. The axes of the domain are not written, and stay.

        Args:
            equation: the letters of each value, and behind `->` those that stay.
        """

    def elman(
        self,
        x: Arguments,
        h0: Arguments,
        units: int,
        *,
        activation: str = "tanh",
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `elman`."""

    def elman_step(
        self,
        x: Arguments,
        h: Arguments,
        units: int,
        *,
        activation: str = "tanh",
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `elman_step`."""

    def elu(
        self,
        x: Arguments,
        alpha: float = 1.0,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x` where it is positive, `alpha * (exp(x) - 1)` elsewhere (Clevert et al. 2016).

        Args:
            alpha: minus the limit far below zero.
        """

    def embed(
        self,
        x: Arguments,
        features: int,
        *,
        table: Argument | None = None,
        table_init: float | str | Mapping[str, Any] | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """A learned vector for each whole number: `y = table[x]`.

        Shapes: int [...] below n -> [..., features]; the table is [n, features]. `table: NAME` takes it
        from elsewhere.

        Args:
            features: the length of each vector.
            table: a value to take in place of a learned table.
            table_init: how the vectors are drawn; if left out, normal with variance 1 / features.
        """

    def equal(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether a is equal to b: `a == b`.

        Shapes: two numbers, which combine as in formulas, to a bool.
        """

    def exp(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The exponential."""

    def expand_dims(
        self,
        x: Arguments,
        axis: int = -1,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """A new axis of length 1.

        Shapes: [n] -> [n, 1], so that it meets [n, m] in a formula; [1, n] for `axis: 0`.

        Args:
            axis: where the new axis stands in the new shape.
        """

    def first(
        self,
        x: Arguments,
        over: str | None = None,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The first step of a sequence.

        Shapes: [time, ...] -> [...].

        Args:
            over: the axis, where the input has several.
        """

    def flatten(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """All numbers of a point in one axis, the last axis running fastest.

        Shapes: [h, w, c] -> [h * w * c]; [] -> [1].
        """

    def flip(
        self,
        x: Arguments,
        axis: int = -1,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The entries of an axis in the opposite order.

        Shapes: any, unchanged.

        Args:
            axis: the axis that is turned round.
        """

    def floor(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The next whole number below.

        Its gradient is 0 everywhere: nothing before it learns through it.
        """

    def gaussian_dropout(
        self,
        x: Arguments,
        rate: float,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, each number is multiplied by a normal one with mean 1.

        Shapes: any, unchanged. The variance, rate / (1 - rate), is that of `dropout`.

        References: Srivastava et al., "Dropout", 2014, section 10.

        Args:
            rate: the rate of the dropout with this variance.
        """

    def gaussian_noise(
        self,
        x: Arguments,
        stddev: float,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, a normal random number is added to each number.

        Shapes: any, unchanged.

        References: Bishop, "Training with noise is equivalent to Tikhonov regularization", 1995.

        Args:
            stddev: standard deviation of the noise.
        """

    def geglu(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """A gated unit: `gelu(first half) * second half`.

        Shapes: [..., 2 n] -> [..., n], the halves of the last axis. It has no weights: after
        `dense: 2 * n`, whose kernel is [W, V] side by side, it is the paper's `gelu(x W) * (x V)`.

        References: Shazeer, "GLU variants improve transformer", 2020.
        """

    def gelu(
        self,
        x: Arguments,
        approximate: bool = True,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x` times the probability that a standard normal is below x (Hendrycks and Gimpel 2016).

        Args:
            approximate: whether tanh stands in for the normal distribution.
        """

    def gin_conv(
        self,
        x: Arguments,
        epsilon: float = 0.0,
        *,
        learned: bool = False,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The sum of a graph isomorphism network: `(1 + epsilon) * x + sum(neighbours)`.

        The perceptron of the paper is the layers that follow, such as `dense`.

        Shapes: [nodes, n] -> [nodes, n].

        References: Xu, Hu, Leskovec and Jegelka, "How powerful are graph neural networks?", 2019.

        Args:
            epsilon: how much more than an edge a node itself counts.
            learned: whether it is learned, from that on.
        """

    def global_average_pool(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The mean of each channel over all spatial axes.

        Shapes: [..., c] -> [c], with at least one spatial axis.

        References: Lin et al., "Network in network", 2014.
        """

    def global_max_pool(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The largest number of each channel over all spatial axes.

        Shapes: [..., c] -> [c], with at least one spatial axis.
        """

    def glu(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The gated linear unit: `first half * sigmoid(second half)`.

        Shapes: [..., 2 n] -> [..., n], the halves of the last axis. The second half is the gate, as in
        the paper, JAX and PyTorch; in `swiglu` and its kin it is the first.

        References: Dauphin et al., "Language modeling with gated convolutional networks", 2017.
        """

    def gradient(
        self,
        of: Arguments,
        with_respect_to: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The gradient of one number with respect to a value: how it changes with each number of that.

            y[i] = d of / d with_respect_to[i]

        for each example by itself; over the steps or the nodes of an example the numbers are added up.
        What lies between the two values is computed once for the number and its gradient. Examples
        must not meet there, and no statistics move.

        Shapes: one number for each point, [] or [1], and any value -> that of the value.

        References: Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved training of
        Wasserstein GANs", 2017, for penalties on it; Raissi, Perdikaris and Karniadakis,
        "Physics-informed neural networks", 2019, for equations of it.

        Args:
            of: the number that is differentiated.
            with_respect_to: the value by which.
        """

    def graph_attention(
        self,
        x: Arguments,
        features: int,
        *,
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "glorot_uniform",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        heads: int = 1,
        join: Literal["concat", "mean"] = "concat",
        negative_slope: float = 0.2,
        dropout: float = 0.0,
        self_loops: bool = True,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """Each node reads its neighbours and itself: `y_i = sum_j a_ij h_j + bias`, `h = x @ kernel`.

        For each head, `a_ij` is the softmax over the nodes j from which edges lead to i, and i itself,
        of `leaky_relu(sender . h_j + receiver . h_i)`, with two learned arrays. The heads lie side by
        side, or their mean is taken (`join`).

        Shapes: [nodes, n] -> [nodes, heads * features], or [nodes, features] for `join: mean`. The
        kernel is [n, heads * features], `sender` and `receiver` are [heads, features].

        References: Velickovic et al., "Graph attention networks", 2018.

        Args:
            features: how many numbers come out for each node.
            activation: applied to the result.
            bias: whether a learned number is added to each feature.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            heads: how many heads there are, with `features` numbers each.
            join: whether the heads lie side by side or are averaged.
            negative_slope: the slope of a score below zero.
            dropout: the probability that a weight is zero while training.
            self_loops: whether a node reads itself.
        """

    def graph_conv(
        self,
        x: Arguments,
        features: int,
        *,
        weight: Arguments | None = None,
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "glorot_uniform",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        normalize: Literal["symmetric", "mean", "none"] = "symmetric",
        self_loops: bool | float = True,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A graph convolution: `activation(D^-1/2 (A + I) D^-1/2 x @ kernel + bias)`.

        A holds the edges, one for each node from which one leads to a node, I is `self_loops` and D the
        diagonal of the row sums of A + I. With `normalize: mean` it is `D^-1 (A + I) x`, with `none`
        `(A + I) x`. The product with the kernel is made before what comes along the edges is added up
        where it has fewer features than the input, and after it otherwise, so that the edges carry the
        smaller of the two.

        With a `weight` for each edge, A holds these in place of ones. They should not be negative: a
        node whose row adds up to no more than 0 gets the bias alone.

        Shapes: [nodes, n], and a weight [edges], -> [nodes, features]; the kernel is [n, features].

        References: Kipf and Welling, "Semi-supervised classification with graph convolutional
        networks", 2017. `self_loops: 2`: Gao and Ji, "Graph U-Nets", 2019.

        Args:
            features: how many numbers come out for each node.
            activation: applied to the result.
            bias: whether a learned number is added to each feature.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            normalize: how the sum over the edges is scaled.
            self_loops: whether a node hears of itself; a number is how much that counts beside an edge.
        """

    def graph_pool(
        self,
        x: Arguments,
        aggregate: Literal["sum", "mean", "max", "attention"],
        *,
        score_init: float | str | Mapping[str, Any] = "glorot_uniform",
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """One value for each graph: the sum, the mean or the largest of what its nodes hold.

        `sum`, `mean` and `max` are the reductions of these names with `over: nodes`. `attention` is a
        mean with weights, `sum_v a_v x_v`, where `a` is the softmax over the nodes of `x_v . score`,
        with a learned array.

        Shapes: [nodes, ...] -> [...]; with `attention` [nodes, n] -> [n], and `score` is [n, 1].

        References: Li et al., "Gated graph sequence neural networks", 2016, whose weights are sigmoids,
        so that they do not add up to 1.

        Args:
            aggregate: what becomes of the nodes of a graph.
            score_init: how the score of `attention` is drawn.
        """

    def greater(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether a is larger than b: `a > b`.

        Shapes: two numbers, which combine as in formulas, to a bool.
        """

    def greater_equal(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether a is as large as, or larger than, b: `a >= b`.

        Shapes: two numbers, which combine as in formulas, to a bool.
        """

    def group_norm(
        self,
        x: Arguments,
        groups: int = 32,
        *,
        scale: bool = True,
        scale_init: float | str | Mapping[str, Any] = "ones",
        bias: bool = True,
        bias_init: float | str | Mapping[str, Any] = "zeros",
        epsilon: float = 1e-06,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Group normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

        Shapes: [..., n] -> [..., n]. The n channels fall into `groups` runs of n / groups neighbours;
        mean and variance are those of one group over all axes of a point's shape. Points (examples, or
        steps and nodes) never meet. One group is layer normalisation over the whole image.

        References: Wu and He, "Group normalization", 2018.

        Args:
            scale: whether each feature is multiplied by a learned number.
            scale_init: how the scale is drawn.
            bias: whether a learned number is added to each feature.
            bias_init: how the bias is drawn.
            epsilon: added to the variance.
            groups: how many groups the channels fall into.
        """

    def gru(
        self,
        x: Arguments,
        h0: Arguments,
        units: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `gru`."""

    def gru_reset_after(
        self,
        x: Arguments,
        h0: Arguments,
        units: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `gru_reset_after`."""

    def gru_step(
        self,
        x: Arguments,
        h: Arguments,
        units: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `gru_step`."""

    def gumbel(
        self,
        like: Arguments,
        shape: Sequence[int] | None = None,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Random numbers from the Gumbel distribution, `-log(-log(u))` with u uniform.

        Added to logits they make the largest a sample of the classes.

        Shapes: any -> `shape`, or the same. One draw for each point, as `normal` has it.

        References: Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", 2017.

        Args:
            shape: the shape; default: that of the value it is like.
        """

    def hard_shrink(
        self,
        x: Arguments,
        threshold: float = 0.5,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x` where it is further from zero than `threshold`, and zero elsewhere (Donoho 1995).

        Args:
            threshold: how far from zero numbers vanish.
        """

    def hard_sigmoid(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`min(max(x / 6 + 1 / 2, 0), 1)`."""

    def hard_silu(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x * hard_sigmoid(x)`, which others call hard swish (Howard et al. 2019)."""

    def hard_tanh(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`min(max(x, -1), 1)` (Collobert 2004)."""

    def highway(
        self,
        x: Arguments,
        body: Body,
        *,
        gate_bias: float = -2.0,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `highway`."""

    def identity(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The value itself: `y = x`.

        Shapes: any, unchanged.
        """

    def instance_norm(
        self,
        x: Arguments,
        *,
        scale: bool = True,
        scale_init: float | str | Mapping[str, Any] = "ones",
        bias: bool = True,
        bias_init: float | str | Mapping[str, Any] = "zeros",
        epsilon: float = 1e-06,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Instance normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

        Shapes: [..., n] -> [..., n], with at least one axis of places before the channels. Mean and
        variance are those of one channel of one point over all places: group normalisation with a group
        for each channel. Evaluation does the same as training.

        References: Ulyanov et al., "Instance normalization", 2016.

        Args:
            scale: whether each feature is multiplied by a learned number.
            scale_init: how the scale is drawn.
            bias: whether a learned number is added to each feature.
            bias_init: how the bias is drawn.
            epsilon: added to the variance.
        """

    def jordan(
        self,
        x: Arguments,
        y0: Arguments,
        *,
        units: int,
        outputs: int,
        activation: str = "tanh",
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `jordan`."""

    def l2_normalize(
        self,
        x: Arguments,
        *,
        epsilon: float = 1e-12,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Features of length one: `y = x / sqrt(max(sum(x ** 2), epsilon))`.

        Shapes: [..., n] -> [..., n]; the sum is that of the last axis. Where all features are 0, so are
        the result and its gradient is finite.

        Args:
            epsilon: the least that the sum counts as.
        """

    def last(
        self,
        x: Arguments,
        over: str | None = None,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The last step of a sequence: of one that ends before the others, its own.

        Shapes: [time, ...] -> [...].

        Args:
            over: the axis, where the input has several.
        """

    def layer_norm(
        self,
        x: Arguments,
        *,
        scale: bool = True,
        scale_init: float | str | Mapping[str, Any] = "ones",
        bias: bool = True,
        bias_init: float | str | Mapping[str, Any] = "zeros",
        epsilon: float = 1e-06,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Layer normalisation: `y = (x - mean) / sqrt(var + epsilon) * scale + bias`.

        Shapes: [..., n] -> [..., n]; mean and variance are those of the last axis, at each point and
        place alone.

        References: Ba et al., "Layer normalization", 2016.

        Args:
            scale: whether each feature is multiplied by a learned number.
            scale_init: how the scale is drawn.
            bias: whether a learned number is added to each feature.
            bias_init: how the bias is drawn.
            epsilon: added to the variance.
        """

    def leaky_relu(
        self,
        x: Arguments,
        negative_slope: float = 0.01,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x` where it is positive, `negative_slope * x` elsewhere (Maas et al. 2013).

        Args:
            negative_slope: the slope below zero.
        """

    def less(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether a is smaller than b: `a < b`.

        Shapes: two numbers, which combine as in formulas, to a bool.
        """

    def less_equal(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether a is as small as, or smaller than, b: `a <= b`.

        Shapes: two numbers, which combine as in formulas, to a bool.
        """

    def local_response_norm(
        self,
        x: Arguments,
        *,
        radius: int = 2,
        k: float = 2.0,
        alpha: float = 0.0001,
        beta: float = 0.75,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Competition among channels: `y = x / (k + alpha * sum(near ** 2)) ** beta`.

        Shapes: [..., n] -> [..., n]. `near` are the channels at most `radius` away at the same place,
        the channel itself included; where the channels end, there are fewer.

        The defaults are the paper's, whose n is 2 * `radius` + 1. PyTorch's `size` is
        2 * `radius` + 1 too, but it takes the mean in place of the sum: its `alpha` is
        `alpha` * `size`.

        References: Krizhevsky et al., "ImageNet classification with deep convolutional neural
        networks", 2012.

        Args:
            radius: how many channels count on each side.
            k: added to the sum.
            alpha: the weight of the sum.
            beta: the power of the divisor.
        """

    def locally_connected(
        self,
        x: Arguments,
        features: int,
        *,
        kernel: int | Sequence[int] = 3,
        stride: int | Sequence[int] = 1,
        dilation: int | Sequence[int] = 1,
        padding: Literal["same", "valid"] | int | Sequence[int | Sequence[int]] = "same",
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A convolution whose kernel differs from place to place: `y = activation(x * kernel + bias)`.

        Shapes: [..., c] -> [..., features], with one to three spatial axes and sizes as for `conv`; the
        kernel is [*places, *kernel, c, features] and the bias [*places, features], where `places` are
        the sizes that come out. The kernel of each place is drawn by itself, as that of a convolution.

        References: LeCun, "Generalization and network design strategies", 1989; Taigman et al.,
        "DeepFace: closing the gap to human-level performance in face verification", 2014.

        Args:
            features: how many channels come out.
            kernel: how long the kernel is along each spatial axis.
            stride: steps between two places of the kernel.
            dilation: steps between two numbers that the kernel sees.
            padding: what lies around the image: one of these words, or numbers of zeros.
            activation: applied to the result.
            bias: whether a learned number is added to each channel.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
        """

    def log(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The natural logarithm."""

    def log_sigmoid(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The logarithm of `sigmoid`, without its rounding."""

    def log_softmax(
        self,
        x: Arguments,
        *,
        axis: int = -1,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The logarithm of `softmax`, without its rounding.

        Shapes: any, unchanged; with `over: time` along the steps of the example. Absent steps are 0,
        for a logarithm of their probability there is not.

        Args:
            axis: the axis along which the probabilities add up to 1.
            over: an axis of steps or nodes along which they do, in place of features: `over: time`.
        """

    def logical_and(
        self,
        *values: Arguments,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether all values are true.

        Shapes: bools, which combine as numbers do in formulas.
        """

    def logical_not(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether the value is false.

        Shapes: a bool, unchanged.
        """

    def logical_or(
        self,
        *values: Arguments,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether any value is true.

        Shapes: bools, which combine as numbers do in formulas.
        """

    def lp_pool(
        self,
        x: Arguments,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] | None = None,
        padding: Literal["same", "valid"] | int | Sequence[int | Sequence[int]] = "valid",
        power: float = 2.0,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The p-norm of each window, channel by channel: `y = (sum |x| ** power) ** (1 / power)`.

        Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. A power of
        1 is the sum of absolute values; the larger it is, the nearer it comes to their largest. The
        gradient of a window of zeros is zero.

        References: Sermanet et al., "Convolutional neural networks applied to house numbers digit
        classification", 2012.

        Args:
            window: how long the window is along each spatial axis.
            stride: steps between two windows; as long as the window if left out.
            padding: around the image, as for `conv`.
            power: the p of the norm.
        """

    def lstm(
        self,
        x: Arguments,
        h0: Arguments,
        c0: Arguments,
        units: int,
        *,
        forget_bias: float = 1.0,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `lstm`."""

    def lstm_peephole(
        self,
        x: Arguments,
        h0: Arguments,
        c0: Arguments,
        units: int,
        *,
        forget_bias: float = 1.0,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `lstm_peephole`."""

    def lstm_step(
        self,
        x: Arguments,
        h: Arguments,
        c: Arguments,
        units: int,
        *,
        forget_bias: float = 1.0,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `lstm_step`."""

    def matmul(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The matrix product of the last two axes: `y = a @ b`.

        Shapes: [n, k], [k, m] -> [n, m]. A vector is a row on the left, [k], [k, m] -> [m], and a
        column on the right, [n, k], [k] -> [n]. Axes before the last two are equal, or only one input
        has any; they stay.
        """

    def max(
        self,
        x: Arguments,
        axis: int | Sequence[int] | None = None,
        *,
        keep: bool = False,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The largest feature of a point.

        Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too.

        Args:
            axis: the axis, or the axes, that become one number; all if left out.
            keep: whether they stay, with a length of 1.
            over: an axis of steps, nodes or edges that becomes one number, not features: `over: time`.
        """

    def max_pool(
        self,
        x: Arguments,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] | None = None,
        padding: Literal["same", "valid", "causal"] | int | Sequence[int | Sequence[int]] = "valid",
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The largest number of each window, channel by channel.

        Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. What pads
        never wins. Where several are largest, the gradient is shared among them.

        With `over: time` the windows are of steps, one for each: [time, ..., c], unchanged. `padding`
        is `same`, or `causal` for windows that end with their step. Absent steps never win.

        Args:
            window: how long the window is along each spatial axis.
            stride: steps between two windows; as long as the window if left out.
            padding: around the image, or the steps, as for `conv`.
            over: an axis of steps to slide over, in place of those of an image: `over: time`.
        """

    def maximum(
        self,
        *values: Arguments,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The larger of values: `maximum(a, b, ...)`."""

    def maxout(
        self,
        x: Arguments,
        pieces: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The largest of `pieces` neighbouring features: [..., n * pieces] -> [..., n].

        After `dense: n * pieces` it is a learned piecewise linear function of n features.

        References: Goodfellow et al., "Maxout networks", 2013.

        Args:
            pieces: how many features become one.
        """

    def mean(
        self,
        x: Arguments,
        axis: int | Sequence[int] | None = None,
        *,
        keep: bool = False,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The mean over the features of a point.

        Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too.

        Args:
            axis: the axis, or the axes, that become one number; all if left out.
            keep: whether they stay, with a length of 1.
            over: an axis of steps, nodes or edges that becomes one number, not features: `over: time`.
        """

    def message_passing(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
        **attributes: Any,
    ) -> Value:
        ...

    def min(
        self,
        x: Arguments,
        axis: int | Sequence[int] | None = None,
        *,
        keep: bool = False,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The smallest feature of a point.

        Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too.

        Args:
            axis: the axis, or the axes, that become one number; all if left out.
            keep: whether they stay, with a length of 1.
            over: an axis of steps, nodes or edges that becomes one number, not features: `over: time`.
        """

    def min_gru(
        self,
        x: Arguments,
        h0: Arguments,
        units: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `min_gru`."""

    def minimal_gated_unit(
        self,
        x: Arguments,
        h0: Arguments,
        units: int,
        *,
        forget_bias: float = 1.0,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `minimal_gated_unit`."""

    def minimum(
        self,
        *values: Arguments,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The smaller of values: `minimum(a, b, ...)`."""

    def mish(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """`x * tanh(softplus(x))` (Misra 2020)."""

    def mode(
        self,
        *values: Arguments,
        train: Argument | None = None,
        otherwise: Argument | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """One value while the network is trained, and another one otherwise.

        A decoder that reads in training what was to be said (teacher forcing), and in use what it has
        said itself: `fed: {mode: {train: reply, otherwise: guess}}`. What only the other value needs is
        not computed.

        Shapes: two values of one type -> that type.

        References: Williams and Zipser, "A learning algorithm for continually running fully recurrent
        neural networks", 1989, for teacher forcing.

        Args:
            train: the value in training.
            otherwise: the value in evaluation and in use.
        """

    def multiply(
        self,
        *values: Arguments,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The product of values: `a * b * ...`."""

    def negative(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The negative: `-x`.

        Shapes: any, unchanged.
        """

    def norm(
        self,
        x: Arguments,
        axis: int | Sequence[int] | None = None,
        *,
        keep: bool = False,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The Euclidean length of the features of a point: `sqrt(sum(x ** 2))`.

        Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too.

        Args:
            axis: the axis, or the axes, that become one number; all if left out.
            keep: whether they stay, with a length of 1.
            over: an axis of steps, nodes or edges that becomes one number, not features: `over: time`.
        """

    def normal(
        self,
        like: Arguments,
        shape: Sequence[int] | None = None,
        *,
        mean: float = 0.0,
        stddev: float = 1.0,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Random numbers from a normal distribution, `mean + stddev * e`.

        Shapes: any -> `shape`, or the same. One draw for each point of the value that it is like; in
        `train` that is each example where none is named. The key is that of the step and the name.

        Args:
            shape: the shape; default: that of the value it is like.
            mean: the mean.
            stddev: the standard deviation.
        """

    def not_equal(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Whether a is another number than b: `a != b`.

        Shapes: two numbers, which combine as in formulas, to a bool.
        """

    def one_hot(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """A one at the place that the number names, and zeros elsewhere.

        Shapes: int [...] below n -> [..., n].
        """

    def outer(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """Every number of a times every number of b.

        Shapes: [n], [m] -> [n, m]; the axes of b behind those of a.
        """

    def pad(
        self,
        x: Arguments,
        margins: int | Sequence[int | Sequence[int]],
        *,
        mode: Literal["constant", "edge", "reflect", "circular"] = "constant",
        value: float = 0.0,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """An image with something around it.

        Shapes: [..., c] -> [..., c], any number of spatial axes; n becomes before + n + after. What is
        put there is, by `mode`: `constant`, the number `value` (zero padding if left out); `edge`, the
        outermost number again; `reflect`, the image mirrored at its outermost number; `circular`, the
        image from its other end.

        Args:
            margins: numbers on each side of each axis.
            mode: what is put there.
            value: the number of `mode: constant`.
        """

    def parallel(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
        **attributes: Any,
    ) -> Value:
        ...

    def patches(
        self,
        x: Arguments,
        size: int | Sequence[int],
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """An image cut into tiles, each a token, row by row.

        Shapes: [h, w, c] -> [h / p * w / q, p * q * c] for tiles of [p, q]; so too a signal
        [length, c] and a volume [depth, height, width, c].

        References: Dosovitskiy et al., "An image is worth 16x16 words", 2021.

        Args:
            size: how long a tile is along each axis.
        """

    def permute(
        self,
        x: Arguments,
        axes: Sequence[int],
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The axes of a point in another order: the first is the axis `axes[0]` of x, and so on.

        Shapes: [h, w, c] -> [c, h, w] for `permute: [2, 0, 1]`.

        Args:
            axes: all axes of the shape in their new order.
        """

    def pick(
        self,
        x: Arguments,
        index: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The entry of the last axis that a whole number names: `y = x[..., index]`.

        Shapes: [..., n], int [...] below n -> [...]: the value of the chosen action, the probability
        of the right class.
        """

    def pixel_shuffle(
        self,
        x: Arguments,
        factor: int | Sequence[int] = 2,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Channels become places: each of them a block of `factor` numbers along each spatial axis.

        Shapes: [h, w, c * r * s] -> [h * r, w * s, c] with the factors r and s, and likewise for one or
        three axes: `y[h * r + i, w * s + j, c] = x[h, w, (c * r + i) * s + j]`. The order of the
        channels is that of PyTorch; in the paper and in TensorFlow they run fastest.

        References: Shi et al., "Real-time single image and video super-resolution using an efficient
        sub-pixel convolutional neural network", 2016.

        Args:
            factor: how many times larger each spatial axis becomes.
        """

    def pixel_unshuffle(
        self,
        x: Arguments,
        factor: int | Sequence[int] = 2,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Places become channels: the inverse of `pixel_shuffle`.

        Shapes: [h * r, w * s, c] -> [h, w, c * r * s] with the factors r and s, and likewise for one or
        three axes.

        Args:
            factor: how many times smaller each spatial axis becomes.
        """

    def position(
        self,
        x: Arguments,
        kind: Literal["learned", "sinusoidal"] = "learned",
        *,
        table_init: float | str | Mapping[str, Any] = {'normal': 0.02},
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """To each token a vector is added that says where it stands.

        Shapes: [tokens, n], unchanged. The vectors are learned, a table [tokens, n], or waves:
        `sin(t / 10000 ** (2i / n))` in the feature 2i of token t and the cosine in 2i + 1.

        References: Vaswani et al., "Attention is all you need", 2017.

        Args:
            kind: where the vectors come from.
            table_init: how learned vectors are drawn.
        """

    def power(
        self,
        base: Arguments,
        exponent: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Power: `base ** exponent`."""

    def prelu(
        self,
        x: Arguments,
        *,
        shared: bool = False,
        slope_init: float | str | Mapping[str, Any] = 0.25,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x` where it is positive, `slope * x` elsewhere, with a learned slope for each channel.

        Shapes: [..., n], unchanged; the slope is [n], or [1] where it is shared. Having weights it is a
        step of its own, and no `activation`.

        References: He et al., "Delving deep into rectifiers", 2015.

        Args:
            shared: whether one slope serves all channels.
            slope_init: how the slopes are drawn.
        """

    def prod(
        self,
        x: Arguments,
        axis: int | Sequence[int] | None = None,
        *,
        keep: bool = False,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The product over the features of a point.

        Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too.

        Args:
            axis: the axis, or the axes, that become one number; all if left out.
            keep: whether they stay, with a length of 1.
            over: an axis of steps, nodes or edges that becomes one number, not features: `over: time`.
        """

    def python(
        self,
        definition: str,
        *values: Arguments,
        output: Sequence[int] | None = None,
        dtype: Literal["float", "int", "bool"] | None = None,
        below: int | None = None,
        arguments: Mapping[str, Any] = {},
        takes: Literal["train", "key", "mask"] | Sequence[Literal["train", "key", "mask"]] | None = None,
        installed: bool = False,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """A function, or a layer (a class), in a Python file of your own beside the spec.

        A function gives `y = name(x, **arguments)`. A class is an `nnx.Module`, built once:
        `y = Name(**arguments, rngs=rngs)(x)`. Several values (`from: [a, b]`) come in their order,
        named ones (`from: {a: h, b: x}`) under their names. By keyword come, where the signature has
        them, `train` (true in training), `key` (a random key, None in evaluation), `mask` (the rows of
        the batch that are there, None for all), and for a constructor `rngs`.

        Arrays are [batch, *shape], float32, int32 or bool. `graphc check` reads the file and never
        runs it; whether the value is as declared here is found out before training. `nnx.Param` holds
        parameters, any other variable a statistic, which a call may move; random state is refused.

        Args:
            definition: the file `module.py`, and a class or function in it.
            output: the shape of the value for one example; if left out, that of the first input.
            dtype: the kind of numbers; if left out, float, or without `output` the input's.
            below: for whole numbers, one more than the largest, where that is known.
            arguments: further arguments, by name; lists arrive as tuples.
            takes: what a call is given; if left out, what its signature has.
            installed: whether the module is one that is installed, rather than a file of yours.
        """

    def random_affine(
        self,
        x: Arguments,
        *,
        rotate: float = 0.0,
        shift: float = 0.0,
        zoom: float = 0.0,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, an image is turned, moved and enlarged or shrunk about its middle.

        Shapes: [height, width, c], unchanged. Angle, shifts and zoom are uniform, and applied in one
        go with bilinear interpolation; what comes from outside of the image is 0.

        Args:
            rotate: the largest angle to either side, in degrees.
            shift: the largest shift, as a share of height and width.
            zoom: the largest change of size: 0.1 is 0.9 to 1.1 times.
        """

    def random_crop(
        self,
        x: Arguments,
        padding: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, a window as large as the image is cut out of it with zeros around it.

        Shapes: [height, width, c], unchanged: the image is moved by up to `padding` places, by whole
        ones, along both axes.

        References: He et al., "Deep residual learning for image recognition", 2015, section 4.2.

        Args:
            padding: how many zeros are put on each side.
        """

    def random_flip(
        self,
        x: Arguments,
        direction: Literal["horizontal", "vertical", "both"] = "horizontal",
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, an image is mirrored with probability 1/2.

        Shapes: [height, width, c], unchanged. With `both`, each direction has a draw of its own.

        Args:
            direction: left and right change places, top and bottom, or both.
        """

    def receivers(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """What the node holds to which each edge leads: `y_e = x_i` for the edge e from j to i.

        Shapes: [nodes, ...] -> [edges, ...].
        """

    def reglu(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """A gated unit: `relu(first half) * second half`.

        Shapes: [..., 2 n] -> [..., n], the halves of the last axis. It has no weights: after
        `dense: 2 * n`, whose kernel is [W, V] side by side, it is the paper's `relu(x W) * (x V)`.

        References: Shazeer, "GLU variants improve transformer", 2020.
        """

    def relu(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The positive part: `max(x, 0)`."""

    def relu6(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """`min(max(x, 0), 6)` (Krizhevsky 2010)."""

    def remainder(
        self,
        x: Arguments,
        by: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """What is left of each number when it is divided by a whole one: between 0 and that.

        Shapes: any, unchanged. Of whole numbers it is one of `by` classes: `remainder(label, by=2)`
        says which labels are odd.

        Args:
            by: what is divided by.
        """

    def repeat(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
        **attributes: Any,
    ) -> Value:
        ...

    def reshape(
        self,
        x: Arguments,
        shape: Sequence[int],
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
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
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `residual`."""

    def reverse(
        self,
        x: Arguments,
        over: str | None = None,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The steps of a sequence in the other order; what is behind its end stays there.

        Shapes: [time, ...] -> [time, ...].

        Args:
            over: the axis, where the input has several.
        """

    def rms_norm(
        self,
        x: Arguments,
        *,
        scale: bool = True,
        scale_init: float | str | Mapping[str, Any] = "ones",
        epsilon: float = 1e-06,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Root mean square normalisation: `y = x / sqrt(mean(x ** 2) + epsilon) * scale`.

        Shapes: [..., n] -> [..., n]; the mean is that of the last axis, at each point and place alone.

        References: Zhang and Sennrich, "Root mean square layer normalization", 2019.

        Args:
            scale: whether each feature is multiplied by a learned number.
            scale_init: how the scale is drawn.
            epsilon: added to the mean square.
        """

    def roll(
        self,
        x: Arguments,
        shift: int,
        *,
        axis: int = -1,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The entries of an axis moved on by `shift` places; those that leave come in at the front.

        Shapes: any, unchanged.

        Args:
            shift: how many places each entry moves; below 0 towards the front.
            axis: the axis along which they move.
        """

    def round(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The nearest whole number, of two the even.

        Its gradient is 0 everywhere: nothing before it learns through it.
        """

    def sage_conv(
        self,
        x: Arguments,
        features: int,
        *,
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        aggregate: Literal["mean", "max", "sum", "pool"] = "mean",
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A layer of GraphSAGE: `activation(concat(x, aggregate(neighbours)) @ kernel + bias)`.

        The neighbours of a node are the nodes from which edges lead to it. Where there are none, their
        mean, sum and largest number are 0. With `pool` the aggregate is the largest of
        `relu(neighbour @ pool/kernel + pool/bias)`.

        Shapes: [nodes, n] -> [nodes, features]; the kernel is [2 n, features], that of `pool` [n, n].

        References: Hamilton, Ying and Leskovec, "Inductive representation learning on large graphs",
        2017, who scale the result to length 1, which is `l2_normalize` here.

        Args:
            features: how many numbers come out for each node.
            activation: applied to the result.
            bias: whether a learned number is added to each feature.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            aggregate: what becomes of the neighbours of a node.
        """

    def scrn(
        self,
        x: Arguments,
        *,
        units: int,
        context: int,
        keep: float = 0.95,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `scrn`."""

    def selu(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """`1.0507 x` where it is positive, `1.7581 (exp(x) - 1)` elsewhere (Klambauer et al. 2017)."""

    def senders(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """What the node holds from which each edge leads: `y_e = x_j` for the edge e from j to i.

        Shapes: [nodes, ...] -> [edges, ...].
        """

    def separable_conv(
        self,
        x: Arguments,
        features: int,
        *,
        kernel: int | Sequence[int] = 3,
        stride: int | Sequence[int] = 1,
        dilation: int | Sequence[int] = 1,
        padding: Literal["same", "valid", "circular", "reflect", "causal"] | int | Sequence[int | Sequence[int]] = "same",
        activation: str | Mapping[str, Any] | None = None,
        bias: bool = True,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        bias_init: float | str | Mapping[str, Any] = "zeros",
        multiplier: int = 1,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """A depthwise convolution, then a pointwise one: `y = activation((x * k) @ p + bias)`.

        Shapes: [..., c] -> [..., features], with one to three spatial axes and sizes as for `conv`.
        The kernel k of the first part is [*kernel, 1, c * multiplier], as in `depthwise_conv`; p, that
        of the second, is [c * multiplier, features] and mixes the channels of one place. Both are drawn
        by `kernel_init`. There is no activation and no bias between the two.

        References: Chollet, "Xception: deep learning with depthwise separable convolutions", 2017.

        Args:
            features: how many channels come out.
            kernel: how long the kernel is along each spatial axis.
            stride: steps between two places of the kernel.
            dilation: steps between two numbers that the kernel sees.
            padding: what lies around the image: one of these words, or numbers of zeros.
            activation: applied to the result.
            bias: whether a learned number is added to each channel.
            kernel_init: how the kernel is drawn.
            bias_init: how the bias is drawn.
            multiplier: how many channels the first part makes of each.
        """

    def shortcut(
        self,
        x: Arguments,
        like: Arguments,
        kind: Literal["identity", "project", "pad"] = "identity",
        *,
        kernel_init: float | str | Mapping[str, Any] = "lecun_normal",
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """What a residual block adds to its body: x, brought to the shape of `like`.

        Shapes: x [..., c], like [..., c'] -> [..., c'], with as many spatial axes or none: x [n],
        like [m] -> [m]. Only the shape of `like` matters. Where the shapes are equal it is x. Otherwise

        - `identity` refuses;
        - `project` multiplies the channels by a learned kernel [c, c'], without bias, at every s-th
          place of an axis of n where n' = ceil(n / s): a strided convolution with a kernel of 1
          (option B of the paper);
        - `pad` takes every s-th place and appends channels of zeros (option A).

        The projection is written as a matrix product, which is faster than a library convolution on the
        CPU and may stand inside a loop.

        References: He et al., "Deep residual learning for image recognition", 2016.

        Args:
            kind: what to do with unequal shapes.
            kernel_init: how the kernel of a projection is drawn.
        """

    def sigmoid(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The logistic function: `1 / (1 + exp(-x))`."""

    def sign(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """-1, 0 or 1.

        Its gradient is 0 everywhere: nothing before it learns through it.
        """

    def silu(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """`x * sigmoid(x)`, which others call swish (Elfwing et al. 2018)."""

    def sin(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The sine."""

    def slice(
        self,
        x: Arguments,
        *,
        start: int = 0,
        stop: int | None = None,
        step: int = 1,
        axis: int = -1,
        name: str | None = None,
        remat: bool | None = None,
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

    def soft_shrink(
        self,
        x: Arguments,
        threshold: float = 0.5,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x` brought towards zero by `threshold`, and zero nearer to it (Donoho 1995).

        Args:
            threshold: how far from zero numbers vanish.
        """

    def softmax(
        self,
        x: Arguments,
        *,
        axis: int = -1,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Probabilities along an axis: `exp(x) / sum(exp(x))`.

        Shapes: any, unchanged. With `over: time` each number has a probability among those of its place
        at all steps of the example, [time, ...] -> [time, ...]; absent steps have probability 0.

        Args:
            axis: the axis along which the probabilities add up to 1.
            over: an axis of steps or nodes along which they do, in place of features: `over: time`.
        """

    def softplus(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`log(1 + exp(x))` (Dugas et al. 2001)."""

    def softsign(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x / (1 + abs(x))`."""

    def sparsemax(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Probabilities over the last axis, of which many are 0: [..., n] -> [..., n].

        The point of the probability simplex nearest to x. The losses take logits, not these.

        References: Martins and Astudillo, "From softmax to sparsemax", 2016.
        """

    def spatial_dropout(
        self,
        x: Arguments,
        rate: float,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, each channel is zero at all places with probability `rate`.

        Shapes: [..., n], unchanged, with at least one axis of places before the channels. Channels that
        stay are divided by `1 - rate`.

        References: Tompson et al., "Efficient object localization using convolutional networks", 2015.

        Args:
            rate: the probability that a channel is zero.
        """

    def split(
        self,
        x: Arguments,
        into: Sequence[str],
        *,
        sizes: Sequence[int] | None = None,
        axis: int = -1,
        name: str | None = None,
        remat: bool | None = None,
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

    def sqrt(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The square root."""

    def square(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """`x * x`."""

    def squareplus(
        self,
        x: Arguments,
        b: float = 4.0,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`(x + sqrt(x * x + b)) / 2`, a `softplus` without exponentials (Barron 2021).

        Args:
            b: how smooth it is around zero; 0 gives `relu`.
        """

    def squeeze(
        self,
        x: Arguments,
        axis: int = -1,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The value without an axis of length 1.

        Shapes: [n, 1] -> [n].

        Args:
            axis: the axis that goes.
        """

    def stack(
        self,
        axis: int = 0,
        *values: Arguments,
        over: str | None = None,
        length: int | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Values of one shape along a new axis.

        Shapes: k times [n] -> [k, n], or [n, k] for `axis: -1`. A value that lacks an axis of the
        domain is repeated along it.

        With `over: time` and `length: k` it undoes `stream`: the steps of one value become the first
        axis, [time, ...] -> [k, ...], with zeros where there is no step. A shape has sizes, and how
        many steps there are is for the data to say; so k is written, and longer sequences are an error.

        Args:
            axis: where the new axis stands in the new shape.
            over: an axis of steps that becomes the new one, of a single value: `over: time`.
            length: how long it is then; shorter sequences end in 0.
        """

    def std(
        self,
        x: Arguments,
        axis: int | Sequence[int] | None = None,
        *,
        keep: bool = False,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The standard deviation over the features of a point, the root of `variance`.

        Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too.

        Args:
            axis: the axis, or the axes, that become one number; all if left out.
            keep: whether they stay, with a length of 1.
            over: an axis of steps, nodes or edges that becomes one number, not features: `over: time`.
        """

    def stochastic_pool(
        self,
        x: Arguments,
        window: int | Sequence[int],
        *,
        stride: int | Sequence[int] | None = None,
        padding: Literal["same", "valid"] | int | Sequence[int | Sequence[int]] = "valid",
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """While training, a number drawn from each window with a probability proportional to it.

        Shapes: [..., c] -> [..., c], with one to three spatial axes and sizes as for `conv`. With
        a = max(x, 0) and the probabilities p = a / sum(a) of a window, training gives the a that is
        drawn, each window and channel by itself, and evaluation their mean sum(p * a). So negative
        numbers count as zeros, and a window without a positive number gives 0. The gradient of a draw
        goes to the number that was drawn.

        References: Zeiler and Fergus, "Stochastic pooling for regularization of deep convolutional
        neural networks", 2013, where it follows a rectifier.

        Args:
            window: how long the window is along each spatial axis.
            stride: steps between two windows; as long as the window if left out.
            padding: around the image, as for `conv`.
        """

    def stop_gradient(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The same value, through which no gradient flows.

        Shapes: any, unchanged.
        """

    def stream(
        self,
        x: Arguments,
        to: str = "time",
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """A sequence of what lies along the first axis: the rows of an image, the tokens of a text.

        Shapes: [n, ...] -> [time, ...] of n steps; nothing is computed. `stack` with `over` and
        `length` undoes it.

        Args:
            to: what the axis of the steps is called.
        """

    def subtract(
        self,
        a: Arguments,
        b: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Difference: `a - b`."""

    def sum(
        self,
        x: Arguments,
        axis: int | Sequence[int] | None = None,
        *,
        keep: bool = False,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The sum over the features of a point.

        Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too.

        Args:
            axis: the axis, or the axes, that become one number; all if left out.
            keep: whether they stay, with a length of 1.
            over: an axis of steps, nodes or edges that becomes one number, not features: `over: time`.
        """

    def swiglu(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """A gated unit: `silu(first half) * second half`.

        Shapes: [..., 2 n] -> [..., n], the halves of the last axis. It has no weights: after
        `dense: 2 * n`, whose kernel is [W, V] side by side, it is the paper's `silu(x W) * (x V)`.

        References: Shazeer, "GLU variants improve transformer", 2020.
        """

    def tanh(self, x: Arguments, *, name: str | None = None, remat: bool | None = None) -> Value:
        """The hyperbolic tangent."""

    def tanh_shrink(
        self,
        x: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x - tanh(x)`."""

    def tgcn(
        self,
        x: Arguments,
        h0: Arguments,
        units: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
        precision: Literal['float32', 'bfloat16', 'mixed'] | None = None,
    ) -> Value:
        """The block or network `tgcn`."""

    def tile(
        self,
        x: Arguments,
        times: int,
        *,
        axis: int = -1,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The value several times over, one copy after another along an axis.

        Shapes: [..., n] -> [..., times * n].

        Args:
            times: how many copies.
            axis: the axis along which they stand.
        """

    def top_k(
        self,
        x: Arguments,
        count: int,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The largest numbers of the last axis, the largest first, and their places.

        Shapes: [..., n] -> `values` [..., count] and `places`, int [..., count] below n. The value
        without a port is the first of them.

        Args:
            count: how many of them.
        """

    def uniform(
        self,
        like: Arguments,
        shape: Sequence[int] | None = None,
        *,
        low: float = 0.0,
        high: float = 1.0,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """Random numbers that are equally likely between `low` and `high`.

        Shapes: any -> `shape`, or the same. One draw for each point, as `normal` has it.

        Args:
            shape: the shape; default: that of the value it is like.
            low: the least number.
            high: the number that all are below.
        """

    def upsample(
        self,
        x: Arguments,
        factor: int | Sequence[int] = 2,
        *,
        method: Literal["nearest", "linear"] = "nearest",
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """An image with `factor` times as many numbers along each spatial axis.

        Shapes: [..., c] -> [..., c], with one to three spatial axes; n becomes factor * n. `nearest`
        repeats each number; `linear` (bilinear, trilinear) goes linearly from the centre of one number
        to that of the next, and keeps the outermost beyond them (PyTorch: `align_corners=False`).

        Args:
            factor: how many numbers come of each, along each spatial axis.
            method: what lies between the numbers.
        """

    def variance(
        self,
        x: Arguments,
        axis: int | Sequence[int] | None = None,
        *,
        keep: bool = False,
        over: str | None = None,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """The variance over the features of a point: `mean((x - mean(x)) ** 2)`.

        Shapes: [...] -> []; [n, m] -> [m] for `axis: 0`, [1, m] with `keep: true` too.

        Args:
            axis: the axis, or the axes, that become one number; all if left out.
            keep: whether they stay, with a length of 1.
            over: an axis of steps, nodes or edges that becomes one number, not features: `over: time`.
        """

    def weight(
        self,
        shape: Sequence[int],
        *,
        init: float | str | Mapping[str, Any] = {'normal': 0.02},
        frozen: bool = False,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """A learned array, the same for all examples: queries, factors, or a kernel that layers share.

        Shapes: -> `shape`. In formulas it meets other values as any of them do; in a `repeat` every
        copy has its own. What is `frozen` is no parameter: neither gradients, weight decay nor moving
        averages have to do with it.

        Args:
            shape: the shape; [] is one number.
            init: how it is drawn, or what it starts as.
            frozen: whether it stays as it was drawn.
        """

    def where(
        self,
        condition: Arguments,
        x: Arguments,
        y: Arguments,
        *,
        name: str | None = None,
        remat: bool | None = None,
    ) -> Value:
        """`x` where the condition holds and `y` elsewhere.

        Shapes: a bool and two floats, which combine as in formulas.
        """
