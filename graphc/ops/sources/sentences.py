"""Sentences whose words have tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Int
from graphc.core.declaration import attribute
from graphc.core.registry import sources
from graphc.core.types import BATCH, TIME, Type, uneven
from graphc.ops.sources.base import ArraySource
from graphc.ops.sources.published import Downloaded

CHARACTERS = "".join(map(chr, range(33, 127)))
"""The characters that are told apart, from 1; 0 is none and one more is any other."""


@dataclass(frozen=True, kw_only=True)
class Wnut17(Downloaded):
    """Named entities that are new or rare: `words`, `letters` [letters], `tags`, ints at each step.

    Sentences of social media, of 1 to 105 words, 3,394 to train on, 1,009 for the validation and
    1,287 for the test. `words` are in lower case, below `vocabulary`; `letters` are the first
    characters of each word as it is written, below 96, and 0 behind its end. `tags` are below 13: 0
    for no entity, then begin and inside of corporation, creative-work, group, location, person and
    product, which is the order that the metric `entity_f1` wants.

    References: Derczynski, Nichols, van Erp and Limsopatham, "Results of the WNUT2017 shared task
    on novel and emerging entity recognition", 2017.
    """

    name = folder = "wnut17"
    target = "tags"
    examples = 3394
    TYPES: ClassVar[tuple[str, ...]] = (
        *("corporation", "creative-work", "group"),
        *("location", "person", "product"),
    )

    vocabulary: int = attribute(
        Int(2), "how many words are told apart, the most frequent ones; 0 is any other", 5000
    )
    letters: int = attribute(Int(1), "how many characters of a word are given", 16)

    @property
    def tags(self) -> tuple[str, ...]:
        """The names of the tags."""
        return ("O", *(f"{part}-{kind}" for kind in self.TYPES for part in "BI"))

    def fields(self, folder: str) -> Mapping[str, Type]:
        kinds = {
            "words": Type((), "int", self.vocabulary),
            "letters": Type((self.letters,), "int", len(CHARACTERS) + 2),
            self.target: Type((), "int", len(self.tags)),
        }
        domain = (BATCH, TIME)
        return {
            name: uneven(Type(kind.shape, "int", kind.below, domain))
            for name, kind in kinds.items()
        }

    def training_examples(self) -> int:
        return self.taken(self.examples, 1)

    def validation_part(self) -> int:
        """None: the set brings a validation part."""
        return 0

    def lacks_validation(self) -> bool:
        return False

    def complaint(self) -> str | tuple[str, str] | None:
        for word in ("validation", "folds", "fold"):
            if getattr(self, word) != getattr(ArraySource, word):
                return f"`wnut17` has a validation part of its own, so `{word}` has no meaning"
        return None


sources.add(Wnut17)
