"""Transposed convolutions: images become larger."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from graphc.core.code import code
from graphc.core.declaration import attribute
from graphc.core.operation import Contracts, LibraryConvolution, Linear, ShapeError, Weight
from graphc.core.registry import operations
from graphc.core.types import Type
from graphc.ops.checks import need_image
from graphc.ops.kernels import changing_kernel
from graphc.ops.per_axis import Around, Padding, pairs, spread
from graphc.ops.sliding import DEFAULTS, Layer
from graphc.ops.windows import BORDERS, border


@changing_kernel
@dataclass(frozen=True)
class ConvTranspose(Layer):
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
    """

    name = "conv_transpose"
    build = code(
        "nnx.ConvTranspose($x.features, $features, $kernel, strides=$stride, padding=$padding,"
        " kernel_dilation=$dilation, use_bias=$bias, kernel_init=$kernel_init,"
        " bias_init=$bias_init, rngs=$rngs)",
        **DEFAULTS,
    )
    call = code("$self($x)")
    traits = (LibraryConvolution(), Linear(), Contracts())

    padding: Padding = attribute(
        Around(BORDERS), "what is taken away around the result: a word, or numbers", "same"
    )

    def infer(self, x: Type) -> Type:
        need_image(self.name, x)
        steps = spread(self.name, "stride", self.stride, x)
        grown = zip(x.shape, steps, self.spans(x), self.taken(x), strict=False)
        sizes = tuple((n - 1) * step + span - off for n, step, span, off in grown)
        if min(sizes) < 1:
            raise ShapeError(
                f"`padding` of `conv_transpose` takes away all that it makes of {x}",
                "take less away, or use `padding: same`",
            )
        return x.with_shape((*sizes, self.features))

    def taken(self, x: Type) -> list[int]:
        """How many places `padding` takes away along each axis; less than 0 where it adds some."""
        if not isinstance(self.padding, str):
            return [
                before + after for before, after in pairs(self.name, "padding", self.padding, x)
            ]
        steps = spread(self.name, "stride", self.stride, x)
        over = [span - step for span, step in zip(self.spans(x), steps, strict=True)]
        return over if self.padding == "same" else [min(each, 0) for each in over]

    def weights(self, x: Type) -> dict[str, Weight]:
        kernel = Weight((*self.kernel_of(x), x.features, self.features))
        return self.with_bias({"kernel": kernel}, self.features)

    def flops(self, x: Type) -> int:
        products = 2 * prod(self.kernel_of(x)) * x.size * self.features
        return products + (self.infer(x).size if self.bias else 0)

    def holes(self, x: Type) -> dict[str, object]:
        found = super().holes(x)
        if isinstance(self.padding, str):
            return found
        # Flax counts the zeros that it puts around x instead.
        around = [
            (span - 1 - before, span - 1 - after)
            for span, (before, after) in zip(
                self.spans(x), pairs(self.name, "padding", self.padding, x), strict=True
            )
        ]
        return found | {"padding": border(around)}


operations.add(ConvTranspose)
