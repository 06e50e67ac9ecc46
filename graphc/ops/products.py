"""Products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from string import ascii_letters

from graphc.core.attributes import Float
from graphc.core.code import Code, code
from graphc.core.declaration import primary
from graphc.core.operation import Contracts, Input, Multiplying, Operation, ShapeError
from graphc.core.registry import operations
from graphc.core.types import Type, join_domains
from graphc.ops.broadcasting import operand
from graphc.ops.checks import need_features, need_floats

Terms = tuple[str, ...]
PAIR = (Input("a"), Input("b"))


class Product(Multiplying):
    """What is an einsum over feature axes: a letter for each of them, and the letters that stay."""

    traits = (Contracts(),)

    def terms(self, *types: Type) -> tuple[Terms, str]:
        """The letters of each input, and those of the value; raises ShapeError."""
        raise NotImplementedError

    def infer(self, *types: Type) -> Type:
        terms, output = self.terms(*types)
        sizes = _sizes(terms, types)
        domain, presence = join_domains(types)
        return Type(tuple(sizes[letter] for letter in output), "float", None, domain, presence)

    def flops(self, *types: Type) -> int:
        terms, _ = self.terms(*types)
        return len(types) * prod(_sizes(terms, types).values())

    def call_code(self, *types: Type) -> Code:
        terms, output = self.terms(*types)
        names = [each.name for each in self.inputs]
        if self.variadic:
            names = [f"item_{i}" for i in range(len(types))]
        before, whole = _domain_letters(self.name, terms, types)
        subscripts = ",".join(map("".join, zip(before, terms, strict=True)))
        operands = ", ".join(f"${name}" for name in names)
        return code(f'jnp.einsum("{subscripts}->{whole}{output}", {operands})')


def _sizes(terms: Terms, types: Sequence[Type]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for term, own in zip(terms, types, strict=True):
        sizes |= zip(term, own.shape, strict=True)
    return sizes


def _domain_letters(name: str, terms: Terms, types: Sequence[Type]) -> tuple[list[str], str]:
    """What stands for the domain's axes before each term and before the value's.

    Dots where all that have a domain have the same, and else a letter for each axis.
    """
    domains = {own.domain for own in types if own.domain}
    if len(domains) < 2:
        return ["..." if own.domain else "" for own in types], "..." if domains else ""
    axes, _ = join_domains(types)
    letters = dict(zip(axes, _letters(name, len(axes), "".join(terms)), strict=True))
    return ["".join(letters[axis] for axis in own.domain) for own in types], "".join(
        letters[axis] for axis in axes
    )


def _letters(name: str, count: int, taken: str = "", first: str = "") -> str:
    """As many letters that are not taken, `first` before others."""
    free = [letter for letter in dict.fromkeys(first + ascii_letters) if letter not in taken]
    if count > len(free):
        raise ShapeError(f"`{name}` has more axes than there are letters")
    return "".join(free[:count])


class Matmul(Product):
    """The matrix product of the last two axes: `y = a @ b`.

    Shapes: [n, k], [k, m] -> [n, m]. A vector is a row on the left, [k], [k, m] -> [m], and a
    column on the right, [n, k], [k] -> [n]. Axes before the last two are equal, or only one input
    has any; they stay.
    """

    name = "matmul"
    inputs = PAIR

    def terms(self, a: Type, b: Type) -> tuple[Terms, str]:
        need_features(self.name, a)
        need_features(self.name, b)
        rows, columns = a.shape[-2:-1], b.shape[-1:] if len(b.shape) > 1 else ()
        if a.shape[-1] != (b.shape[-2] if columns else b.shape[-1]):
            raise ShapeError(
                f"`matmul` cannot multiply {list(a.shape)} by {list(b.shape)}",
                "the last axis of a must be as long as the last but one of b, or b's only one",
            )
        before = _before(self.name, a, b, a.shape[:-2], b.shape[:-2])
        i, j, k = "i" if rows else "", "j", "k" if columns else ""
        one, other = before[: len(a.shape[:-2])], before[: len(b.shape[:-2])]
        return (one + i + j, other + j + k), before + i + k

    def call_code(self, a: Type, b: Type) -> Code:
        matrices = len(a.shape) > 1 and len(b.shape) > 1
        alike = a.domain == b.domain and len(a.shape) == len(b.shape)
        if matrices and (alike or (not b.domain and len(b.shape) == 2)):
            return code("jnp.matmul($a, $b)")
        return super().call_code(a, b)


def _before(name: str, a: Type, b: Type, one: tuple, other: tuple) -> str:
    """The letters of the axes before those that take part, which must agree."""
    if one and other and one != other:
        raise ShapeError(
            f"`{name}` cannot pair {list(a.shape)} with {list(b.shape)}",
            "the axes before must be equal, or only one of the values may have any",
        )
    return _letters(name, max(len(one), len(other)), "ijk")


class Dot(Product):
    """The sum of products along the last axis: `sum(a * b)` at each place of the others.

    Shapes: [n], [n] -> []; [..., n], [..., n] -> [...]. The axes before the last are equal, or
    only one input has any.
    """

    name = "dot"
    inputs = PAIR

    def terms(self, a: Type, b: Type) -> tuple[Terms, str]:
        before = _paired(self.name, a, b)
        return (before[: len(a.shape) - 1] + "i", before[: len(b.shape) - 1] + "i"), before


def _paired(name: str, a: Type, b: Type) -> str:
    """The letters of the axes before the last, along which vectors are paired."""
    need_features(name, a)
    need_features(name, b)
    if a.features != b.features:
        raise ShapeError(
            f"`{name}` cannot pair {list(a.shape)} with {list(b.shape)}",
            "the last axes must be equally long",
        )
    return _before(name, a, b, a.shape[:-1], b.shape[:-1])


class Outer(Product):
    """Every number of a times every number of b.

    Shapes: [n], [m] -> [n, m]; the axes of b behind those of a.
    """

    name = "outer"
    inputs = PAIR

    def terms(self, a: Type, b: Type) -> tuple[Terms, str]:
        need_floats(self.name, a, b)
        letters = _letters(self.name, len(a.shape) + len(b.shape), first="ijkl")
        return (letters[: len(a.shape)], letters[len(a.shape) :]), letters


@dataclass(frozen=True)
class CosineSimilarity(Operation):
    """The cosine of the angle between vectors: `dot(a, b) / (norm(a) * norm(b))`.

    Shapes: [n], [n] -> []; [slots, n], [n] -> [slots]; the axes before the last are equal, or only
    one input has any. A length below `epsilon` counts as that.
    """

    name = "cosine_similarity"
    inputs = PAIR
    epsilon: float = primary(Float(above=0), "the smallest length that is divided by", 1e-8)

    def infer(self, a: Type, b: Type) -> Type:
        _paired(self.name, a, b)
        domain, presence = join_domains((a, b))
        longer = max(a.shape, b.shape, key=len)
        return replace(a, shape=longer[:-1], domain=domain, presence=presence)

    def flops(self, a: Type, b: Type) -> int:
        return 2 * (a.size + b.size + self.infer(a, b).size * a.features)

    def call_code(self, a: Type, b: Type) -> Code:
        whole = replace(self.infer(a, b), shape=max(a.shape, b.shape, key=len))
        one, other = operand("a", a, whole), operand("b", b, whole)
        return code(f"cosine_similarity({one}, {other}, epsilon=$epsilon)", epsilon=1e-8)


operations.add(Matmul, Dot, Outer, CosineSimilarity)
