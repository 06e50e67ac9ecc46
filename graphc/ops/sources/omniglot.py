"""Pairs of handwritten characters, of which few are known of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Bool, Int, Text
from graphc.core.declaration import attribute, primary
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.base import check_size
from graphc.ops.sources.published import Downloaded

RUNS = 20
"""How many runs there are of one-shot classification."""
WAYS = 20
"""How many characters a run tells apart, and how many drawings it asks about."""
_PIXELS = 105


@dataclass(frozen=True, kw_only=True)
class Omniglot(Downloaded):
    """Pairs of drawn characters, ink 1: `first`, `second` [size, size, 1], `same` below 2.

    Half of the pairs are one character by two people, half are two characters of one alphabet by
    two people. They are drawn from the two small background sets, together 8 alphabets of 242
    characters, each by 20 people. Whole alphabets are held out for the validation.

    The test are the 20 runs of 20-way one-shot classification, whose alphabets and people are
    others: of each run 20 drawings (`first`), each beside the one drawing of each of 20 characters
    (`second`), so that 8,000 pairs stand by run, drawing and character, and 1 in 20 is the same.

    References: Lake, Salakhutdinov and Tenenbaum, "Human-level concept learning through
    probabilistic program induction", 2015.
    """

    name = folder = "omniglot"
    target = "same"

    pairs: int = primary(Int(2), "how many pairs are drawn, those of the validation too", 20000)
    size: int = attribute(
        Int(1), "height and width, at most 105: a pixel is the mean of what falls into it", 28
    )
    background: str = attribute(
        Text(("both", "small1", "small2")), "the background set, each of five alphabets", "both"
    )
    rotate: bool = attribute(
        Bool(), "whether pairs are turned by 0, 90, 180 or 270 degrees, both drawings alike", False
    )
    centre: bool = attribute(
        Bool(), "whether each drawing is moved until there is as much room on either side", False
    )
    seed: int = attribute(Int(0), "draws the pairs", 0)

    def fields(self, folder: str) -> Mapping[str, Type]:
        drawing = Type((self.size, self.size, 1))
        types = {"first": drawing, "second": drawing, self.target: Type((), "int", 2)}
        self.sizes(self.pairs, 2)
        check_size(self.pairs, types)
        return types

    def complaint(self) -> str | tuple[str, str] | None:
        if self.size > _PIXELS:
            message = f"the drawings have {_PIXELS} by {_PIXELS} pixels, and `size` asks for more"
            return message, "size"
        return super().complaint()

    def lacks_validation(self) -> bool:
        return not self.validation_part()


sources.add(Omniglot)
