"""How weights are drawn: the standard initialisers by their standard names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Declared, Either, Float, Kind, Text
from graphc.core.code import Code, code
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.operation import Operation, ShapeError
from graphc.core.registry import initializers
from graphc.core.tree import Scalar, Tree
from graphc.core.types import Type


class Initializer(Declaration):
    """The base of initialisers: `build` is the expression of the initialising function."""

    build: ClassVar[Code]

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise ShapeError where an array of this shape cannot be drawn."""


class OfKernels(Initializer):
    """The base of those that tell inputs from outputs: the last two axes of a kernel."""

    def check(self, shape: tuple[int, ...]) -> None:
        if len(shape) < 2:
            message = f"`{self.name}` draws kernels [..., inputs, outputs], not {list(shape)}"
            raise ShapeError(message, "use a number, `normal` or `uniform`")


class Zeros(Initializer):
    """All zeros."""

    name = "zeros"
    build = code("nnx.initializers.zeros_init()")


class Ones(Initializer):
    """All ones."""

    name = "ones"
    build = code("nnx.initializers.ones_init()")


@dataclass(frozen=True)
class Constant(Initializer):
    """One number everywhere; a bare number means this."""

    name = "constant"
    build = code("nnx.initializers.constant($value)")
    value: float = primary(Float(), "the number")


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal with mean `mean`."""

    name = "normal"
    stddev: float = primary(Float(above=0), "standard deviation", 0.01)
    mean: float = attribute(Float(), "the middle", 0.0)

    @property
    def build(self) -> Code:  # type: ignore[override]
        if self.mean == 0:
            return code("nnx.initializers.normal($stddev)")
        return code("normal_around($mean, $stddev)")


@dataclass(frozen=True)
class TruncatedNormal(Initializer):
    """Normal with mean 0, cut at two standard deviations."""

    name = "truncated_normal"
    build = code("nnx.initializers.truncated_normal($stddev)")
    stddev: float = primary(Float(above=0), "standard deviation before the cut", 0.01)


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform between `low` and `high`."""

    name = "uniform"
    high: float = primary(Float(), "the upper end", 0.01)
    low: float = attribute(Float(), "the lower end", 0.0)

    @property
    def build(self) -> Code:  # type: ignore[override]
        if self.low == 0:
            return code("nnx.initializers.uniform($high)")
        return code("uniform_between($low, $high)")

    def complaint(self) -> str | None:
        if self.low < self.high:
            return None
        return f"`uniform` needs `low` below `high`, and they are {self.low:g} and {self.high:g}"


@dataclass(frozen=True)
class VarianceScaling(OfKernels):
    """Mean 0 and variance `scale` / n, where n counts inputs, outputs or both of one unit.

    With `mode: fan_in` n is the number of inputs, `fan_out` of outputs, `fan_avg` their arithmetic
    and `fan_geo_avg` their geometric mean; the places of a convolution's window count.
    """

    name = "variance_scaling"
    build = code("nnx.initializers.variance_scaling($scale, $mode, $distribution)")
    scale: float = primary(Float(above=0), "the variance times n", 1.0)
    mode: str = attribute(
        Text(("fan_in", "fan_out", "fan_avg", "fan_geo_avg")), "what n counts", "fan_in"
    )
    distribution: str = attribute(
        Text(("truncated_normal", "normal", "uniform")), "the form", "truncated_normal"
    )


def _scaled(word: str, text: str, *also: str) -> type[Initializer]:
    """An initialiser of the variance-scaling family, which has no attributes."""
    body = {"name": word, "also": also, "__doc__": text}
    body |= {"build": code(f"nnx.initializers.{word}()")}
    return type(word.title().replace("_", ""), (OfKernels,), body)


GlorotUniform = _scaled(
    "glorot_uniform",
    "Uniform, variance 2 / (fan in + fan out) (Glorot and Bengio 2010).",
    *("xavier_uniform", "xavier"),
)
GlorotNormal = _scaled(
    "glorot_normal",
    "Normal, cut at two deviations, variance 2 / (fan in + fan out) (Glorot and Bengio 2010).",
    "xavier_normal",
)
HeUniform = _scaled(
    "he_uniform", "Uniform, variance 2 / fan in (He et al. 2015).", "kaiming_uniform"
)
HeNormal = _scaled(
    "he_normal",
    "Normal, cut at two deviations, variance 2 / fan in (He et al. 2015).",
    *("kaiming_normal", "kaiming"),
)
LecunUniform = _scaled("lecun_uniform", "Uniform, variance 1 / fan in (LeCun et al. 1998).")
LecunNormal = _scaled(
    "lecun_normal", "Normal, cut at two deviations, variance 1 / fan in (LeCun et al. 1998)."
)


@dataclass(frozen=True)
class Orthogonal(OfKernels):
    """A matrix with orthonormal rows or columns, times `scale` (Saxe et al. 2014).

    The rows of the matrix are all axes of the kernel but the last.
    """

    name = "orthogonal"
    build = code("nnx.initializers.orthogonal($scale)", scale=1.0)
    scale: float = attribute(Float(above=0), "factor", 1.0)


@dataclass(frozen=True)
class DeltaOrthogonal(OfKernels):
    """An orthogonal matrix in the middle of a convolution's window, else 0 (Xiao et al. 2018)."""

    name = "delta_orthogonal"
    build = code("nnx.initializers.delta_orthogonal($scale)", scale=1.0)
    scale: float = attribute(Float(above=0), "factor", 1.0)

    def check(self, shape: tuple[int, ...]) -> None:
        if not 3 <= len(shape) <= 5 or shape[-1] < shape[-2]:
            raise ShapeError(
                f"`{self.name}` draws kernels [*window, inputs, outputs] with no fewer outputs than"
                f" inputs, not {list(shape)}",
                "use `orthogonal`",
            )


@dataclass(frozen=True)
class Identity(OfKernels):
    """A kernel that hands each feature on, times `scale`: the unit matrix, in a window's middle."""

    name = "identity"
    also = ("eye", "dirac")
    build = code("identity_kernel($scale)", scale=1.0)
    scale: float = primary(Float(), "factor", 1.0)


@dataclass(frozen=True)
class Sparse(OfKernels):
    """Normal with mean 0, and for each output a share `sparsity` of inputs 0 (Martens 2010)."""

    name = "sparse"
    build = code("sparse_normal($sparsity, $stddev)")
    sparsity: float = primary(Float(minimum=0, below=1), "the share of zeros")
    stddev: float = attribute(Float(above=0), "standard deviation of the others", 0.01)


@dataclass(frozen=True)
class SpectralRadius(OfKernels):
    """Normal, with a share `sparsity` of zeros, scaled so that its largest eigenvalue is `radius`.

    That is the largest by magnitude, of a square matrix: the reservoir of an echo state network,
    which forgets what it was where `radius` is below 1 (Jaeger 2001).
    """

    name = "spectral_radius"
    build = code("of_spectral_radius($radius, $sparsity)")
    radius: float = primary(Float(above=0), "the magnitude of the largest eigenvalue")
    sparsity: float = attribute(Float(minimum=0, below=1), "the share of zeros", 0.0)

    def check(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2 or shape[0] != shape[1]:
            message = f"`{self.name}` draws square matrices, not {list(shape)}"
            raise ShapeError(message, "a reservoir has as many columns as rows: [100, 100]")
        if (1 - self.sparsity) * shape[0] < 1:
            raise ShapeError(
                f"a `sparsity` of {self.sparsity:g} leaves less than one number in each column of"
                f" {list(shape)}, and the largest eigenvalue may be 0",
                "make `sparsity` smaller, or the matrix larger",
            )


initializers.add(Zeros, Ones, Constant, Normal, TruncatedNormal, Uniform, VarianceScaling)
initializers.add(GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal)
initializers.add(Orthogonal, DeltaOrthogonal, Identity, Sparse, SpectralRadius)


class Initial(Kind):
    """An initialiser by name, or a number for a constant one."""

    _named = Declared(initializers)

    def read(self, tree: Tree) -> Initializer:
        if isinstance(tree, Scalar) and type(tree.value) in (int, float):
            return Constant(Float().read(tree))
        return self._named.read(tree)

    def write(self, value: Initializer) -> object:
        return value.value if isinstance(value, Constant) else self._named.write(value)

    def schema(self) -> dict:
        return Either((Float(), self._named)).schema()

    def __str__(self) -> str:
        return "an initializer or a number"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Initial)

    def __hash__(self) -> int:
        return hash(Initial)


def check_initial(operation: Operation, types: Iterable[Type]) -> None:
    """Raise ShapeError where the attribute `name_init` cannot draw the weight `name`."""
    for name, weight in operation.weights(*types).items():
        chosen = getattr(operation, f"{name}_init", None)
        if isinstance(chosen, Initializer):
            chosen.check(weight.shape)
