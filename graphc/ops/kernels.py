"""What is done to the kernel of a layer before each product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeVar

from graphc.core.attributes import Declared, Float, Int
from graphc.core.code import Code, code
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.operation import Operation, ShapeError, Stateful, Stochastic, Weight
from graphc.core.registry import kernel_norms
from graphc.core.types import Type

Layer = TypeVar("Layer", bound=type[Operation])


class KernelNorm(Declaration):
    """The base: each output's part of the kernel, all axes but the last, is normalised.

    Class attributes:
        made: code around what makes the layer.
        called: code around the layer where it is called.
    """

    made: ClassVar[str] = "{}"
    called: ClassVar[str]

    def weights(self, kernel: Weight) -> dict[str, Weight]:
        """Its own arrays beside the kernel."""
        return {}

    def check(self, kernel: Weight) -> None:
        """Raise ShapeError for a kernel that cannot be normalised."""


class WeightNorm(KernelNorm):
    """A trained length for each output: `kernel * scale / |kernel|`.

    `scale` starts as the length that the kernel is drawn with, so that nothing changes at first
    but how length and direction learn.

    References: Salimans and Kingma, "Weight normalization", 2016; without its initialisation from
    data.
    """

    name = "weight_norm"
    made = "with_lengths({})"
    called = "weight_norm({})"

    def weights(self, kernel: Weight) -> dict[str, Weight]:
        return {"scale": Weight(kernel.shape[-1:])}


@dataclass(frozen=True)
class SpectralNorm(KernelNorm):
    """No direction of the input grows: `kernel / sigma`, sigma the largest singular value.

    The kernel counts as a matrix [..., outputs]. Its singular vector `u` is a running statistic,
    which training moves by power iteration and evaluation reads; no gradient goes through it.

    References: Miyato et al., "Spectral normalization for generative adversarial networks", 2018.
    """

    name = "spectral_norm"
    made = "with_direction({}, rngs=$rngs)"

    steps: int = primary(Int(1), "power iterations at each training step", 1)

    @property
    def called(self) -> str:  # type: ignore[override]
        steps = f", steps={self.steps}" if self.steps > 1 else ""
        return f"spectral_norm({{}}{steps}, train=$train)"

    def weights(self, kernel: Weight) -> dict[str, Weight]:
        return {"u": Weight(kernel.shape[-1:], trainable=False)}


@dataclass(frozen=True)
class WeightStandardization(KernelNorm):
    """Mean 0 and variance 1 for each output: `(kernel - mean) / sqrt(var + epsilon)`.

    References: Qiao et al., "Micro-batch training with batch-channel normalization and weight
    standardization", 2019.
    """

    name = "weight_standardization"

    epsilon: float = attribute(Float(above=0), "added to the variance", 1e-5)

    @property
    def called(self) -> str:  # type: ignore[override]
        epsilon = f", epsilon={self.epsilon}" if self.epsilon != 1e-5 else ""
        return f"standardize_kernel({{}}{epsilon})"

    def check(self, kernel: Weight) -> None:
        if kernel.size == kernel.shape[-1]:
            raise ShapeError(
                f"`weight_standardization` makes the kernel {list(kernel.shape)} 0: each output"
                " reads a single number",
                "use `weight_norm`",
            )


kernel_norms.add(WeightNorm, SpectralNorm, WeightStandardization)


@dataclass(frozen=True)
class _Changing(Operation):
    """Comes before a layer in the order of its bases, and wraps its code."""

    kernel_norm: KernelNorm | None = attribute(
        Declared(kernel_norms), "how the kernel is normalised before each product", None
    )
    drop_connect: float = attribute(
        Float(minimum=0, below=1),
        "the probability that a number of the kernel is zero, drawn anew at each training step"
        " (Wan et al. 2013)",
        0.0,
    )

    def infer(self, *types: Type) -> Type:
        result = super().infer(*types)
        if self.kernel_norm is not None:
            self.kernel_norm.check(super().weights(*types)["kernel"])
        return result

    def weights(self, *types: Type) -> dict[str, Weight]:
        weights = super().weights(*types)
        if self.kernel_norm is None:
            return weights
        return weights | self.kernel_norm.weights(weights["kernel"])

    def build_code(self, *types: Type) -> Code | None:
        plain = super().build_code(*types)
        if self.kernel_norm is None or plain is None:
            return plain
        return code(self.kernel_norm.made.format(plain.text), **plain.defaults)

    def call_code(self, *types: Type) -> Code:
        plain = super().call_code(*types)
        return code(plain.text.replace("$self", self._layer()), **plain.defaults)

    def pure_code(self, *types: Type) -> Code | None:
        return super().pure_code(*types) if self._layer() == "$self" else None

    def _layer(self) -> str:
        """The module as it is called, with its kernel of the moment."""
        layer = "$self"
        if self.kernel_norm is not None:
            layer = self.kernel_norm.called.format(layer)
        if self.drop_connect:
            layer = f"drop_connect({layer}, $drop_connect, train=$train, key=$key)"
        return layer


def changing_kernel(layer: Layer) -> Layer:
    """Give a layer, whose weight `kernel` ends in its outputs, `kernel_norm` and `drop_connect`.

    The latter is that of Wan et al., "Regularization of neural networks using DropConnect", 2013,
    but that one draw serves all examples of a batch, and that numbers which stay are divided by
    1 - `drop_connect` in place of sampling in evaluation.
    """
    changing = (Stochastic("drop_connect"), Stateful(("u",), "kernel_norm"))
    traits = (*layer.traits, *changing)
    body = {"__doc__": layer.__doc__, "__module__": layer.__module__, "traits": traits}
    made = type(layer.__name__, (_Changing, layer), body)
    return dataclass(frozen=True)(made)  # type: ignore[return-value]
