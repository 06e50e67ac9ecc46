"""How weights are drawn: the standard initialisers by their standard names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Declared, Either, Float, Kind
from graphc.core.code import Code, code
from graphc.core.declaration import Declaration, attribute, primary
from graphc.core.registry import initializers
from graphc.core.tree import Scalar, Tree


class Initializer(Declaration):
    """The base of initialisers: `build` is the expression of the initialising function."""

    build: ClassVar[Code]


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
    """Normal with mean 0."""

    name = "normal"
    build = code("nnx.initializers.normal($stddev)")
    stddev: float = primary(Float(above=0), "standard deviation", 0.01)


@dataclass(frozen=True)
class TruncatedNormal(Initializer):
    """Normal with mean 0, cut at two standard deviations."""

    name = "truncated_normal"
    build = code("nnx.initializers.truncated_normal($stddev)")
    stddev: float = primary(Float(above=0), "standard deviation before the cut", 0.01)


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform between 0 and `scale`."""

    name = "uniform"
    build = code("nnx.initializers.uniform($scale)")
    scale: float = primary(Float(above=0), "the upper end", 0.01)


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """A matrix with orthonormal rows or columns, times `scale` (Saxe et al. 2014)."""

    name = "orthogonal"
    build = code("nnx.initializers.orthogonal($scale)", scale=1.0)
    scale: float = attribute(Float(above=0), "factor", 1.0)


def _scaled(word: str, text: str) -> type[Initializer]:
    """An initialiser of the variance-scaling family, which has no attributes."""
    body = {"name": word, "__doc__": text, "build": code(f"nnx.initializers.{word}()")}
    return type(word.title().replace("_", ""), (Initializer,), body)


GlorotUniform = _scaled("glorot_uniform", "Uniform, variance 2 / (fan in + fan out) (Glorot 2010).")
GlorotNormal = _scaled("glorot_normal", "Normal, variance 2 / (fan in + fan out) (Glorot 2010).")
HeUniform = _scaled("he_uniform", "Uniform, variance 2 / fan in (He et al. 2015).")
HeNormal = _scaled("he_normal", "Normal, variance 2 / fan in (He et al. 2015).")
LecunUniform = _scaled("lecun_uniform", "Uniform, variance 1 / fan in (LeCun et al. 1998).")
LecunNormal = _scaled("lecun_normal", "Normal, variance 1 / fan in (LeCun et al. 1998).")

initializers.add(
    Zeros,
    Ones,
    Constant,
    Normal,
    TruncatedNormal,
    Uniform,
    Orthogonal,
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
)


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
