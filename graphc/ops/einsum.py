"""Sums of products, written with letters for axes."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters

from graphc.core.attributes import Kind
from graphc.core.declaration import primary
from graphc.core.diagnostic import Diagnostic, SpecError
from graphc.core.operation import ShapeError
from graphc.core.registry import operations
from graphc.core.tree import Scalar, Tree
from graphc.core.types import Type
from graphc.ops.checks import need_floats
from graphc.ops.products import Product, Terms


class Equation(Kind):
    """The letters of an einsum, `ij,jk->ik`, without spaces."""

    def read(self, tree: Tree) -> str:
        text = tree.text.replace(" ", "") if isinstance(tree, Scalar) else ""
        inputs, arrow, output = text.partition("->")
        if not arrow:
            raise self.refuse(tree, "the letters of the value stand behind `->`")
        wrong = next((sign for sign in inputs.replace(",", "") + output if not _letter(sign)), None)
        if wrong is not None:
            help = "the domain (batch, time) is never written" if wrong == "." else None
            raise _refused(tree, f"`{wrong}` is no letter for an axis", help)
        for letter in output:
            if output.count(letter) > 1:
                help = "a letter can stand twice on the left, which takes the diagonal"
                raise _refused(tree, f"the letter `{letter}` stands twice behind `->`", help)
            if letter not in inputs:
                raise _refused(tree, f"the letter `{letter}` stands behind `->` alone")
        return text

    def schema(self) -> dict:
        return {"type": "string", "pattern": "^[A-Za-z, ]*->[A-Za-z ]*$"}

    def __str__(self) -> str:
        return "an equation such as `ij,jk->ik`"


def _letter(sign: str) -> bool:
    return sign in ascii_letters


def _refused(tree: Tree, message: str, help: str | None = None) -> SpecError:
    return SpecError(Diagnostic("GC210", f"{message} in this `einsum`", tree.span, help=help))


@dataclass(frozen=True)
class Einsum(Product):
    """A sum of products over feature axes, each named by a letter.

    Shapes: as the equation says: `ij,jk->ik` is the matrix product [n, k], [k, m] -> [n, m]. What
    does not stand behind `->` is summed over; a letter that stands twice in one term takes the
    diagonal. The axes of the domain are not written, and stay.
    """

    name = "einsum"
    variadic = True

    equation: str = primary(
        Equation(), "the letters of each value, and behind `->` those that stay"
    )

    def terms(self, *types: Type) -> tuple[Terms, str]:
        need_floats(self.name, *types)
        inputs, _, output = self.equation.partition("->")
        terms = tuple(inputs.split(","))
        if len(terms) != len(types):
            raise ShapeError(
                f"`{self.equation}` has letters for {_values(len(terms))}, and `einsum` is given"
                f" {_values(len(types))}"
            )
        known: dict[str, tuple[int, Type]] = {}
        for term, own in zip(terms, types, strict=True):
            if len(term) != len(own.shape):
                what = f"the term `{term}`" if term else "an empty term"
                raise ShapeError(
                    f"{what} of `{self.equation}` stands for {_axes(len(term))}, and its value has"
                    f" shape {own}"
                )
            for letter, size in zip(term, own.shape, strict=True):
                first, owner = known.setdefault(letter, (size, own))
                if size != first:
                    raise ShapeError(
                        f"the letter `{letter}` of `{self.equation}` is {first} long in {owner} and"
                        f" {size} long in {own}"
                    )
        return terms, output


def _values(count: int) -> str:
    return "one value" if count == 1 else f"{count} values"


def _axes(count: int) -> str:
    return "one axis" if count == 1 else f"{count or 'no'} axes"


operations.add(Einsum)
