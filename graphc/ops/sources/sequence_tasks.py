"""Tasks made for recurrent networks, generated: what must be remembered, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.attributes import Int
from graphc.core.declaration import attribute, primary
from graphc.core.registry import sources
from graphc.core.types import BATCH, TIME, Axis, Type, uneven
from graphc.ops.sources.base import Undivided, check_size

STEPS = (BATCH, TIME)
SOURCE, TARGET = Axis("source", "time"), Axis("target", "time")


@dataclass(frozen=True, kw_only=True)
class _Generated(Undivided):
    """The base of generated sequences."""

    count: int = primary(Int(1), "how many sequences, those of all splits together", 10000)
    seed: int = attribute(Int(0), "draws the sequences", 0)

    @property
    def steps(self) -> int:
        """How many steps an example has at most."""
        raise NotImplementedError

    def example(self) -> dict[str, Type]:
        """The fields of one example."""
        raise NotImplementedError

    def fields(self, folder: str) -> Mapping[str, Type]:
        types = self.example()
        self.sizes(self.count)
        check_size(self.count * self.steps, types)
        return types

    def training_examples(self) -> int:
        return self.sizes(self.count)["train"]


@dataclass(frozen=True, kw_only=True)
class AddingProblem(_Generated):
    """Two of many numbers are marked, and asked for is their sum: `sequence` [time, 2], `sum` [1].

    Each step has a number, uniform in 0..1, and a mark, which is 1 at one step of the first half
    and at one of the second half and 0 elsewhere. Who always says 1 has a mean squared error of
    1 / 6, which is 0.167.

    References: Hochreiter and Schmidhuber, "Long short-term memory", 1997; Le, Jaitly and Hinton,
    "A simple way to initialize recurrent networks of rectified linear units", 2015. Numbers in
    0..1 and a length that does not vary are those of the latter.
    """

    name = "adding_problem"
    target = "sum"

    length: int = attribute(Int(2), "steps of a sequence", 200)

    @property
    def steps(self) -> int:
        return self.length

    def example(self) -> dict[str, Type]:
        return {"sequence": Type((2,), domain=STEPS), self.target: Type((1,))}


@dataclass(frozen=True, kw_only=True)
class Copying(_Generated):
    """Symbols to remember, a long pause, and then to repeat: `symbols`, `copy` int [time].

    A sequence is `length` symbols below `alphabet`, blanks (the symbol `alphabet`), and a sign to
    begin (`alphabet` + 1) with `length` blanks behind it; the sign stands `delay` steps after the
    last symbol. The target is blank until then, and the symbols in their order after the sign. Both
    fields are below `alphabet` + 2. Who remembers nothing has a cross-entropy of `length *
    log(alphabet) / (delay + 2 * length)` at best.

    References: Hochreiter and Schmidhuber, "Long short-term memory", 1997; Arjovsky, Shah and
    Bengio, "Unitary evolution recurrent neural networks", 2016, whose form and alphabet it has.
    """

    name = "copying"
    target = "copy"

    delay: int = attribute(Int(1), "steps from the last symbol to the sign to begin", 100)
    length: int = attribute(Int(1), "symbols to remember", 10)
    alphabet: int = attribute(Int(2), "how many symbols there are to remember", 8)

    @property
    def steps(self) -> int:
        return self.delay + 2 * self.length

    def example(self) -> dict[str, Type]:
        kind = Type((), "int", self.alphabet + 2, STEPS)
        return {"symbols": kind, self.target: kind}


@dataclass(frozen=True, kw_only=True)
class Reversal(_Generated):
    """Symbols to say in the other order: `words` int [source], `reply` int [target].

    The words are `shortest` to `longest` symbols below `alphabet`, the reply is those from the last
    to the first and a sign that ends it (the symbol `alphabet`), so it has one step more and is
    below `alphabet` + 1. Lengths and symbols are uniform.

    References: Grefenstette, Hermann, Suleyman and Blunsom, "Learning to transduce with unbounded
    memory", 2015, whose sequences are longer, of a larger alphabet.
    """

    name = "reversal"
    target = "reply"

    shortest: int = attribute(Int(1), "the fewest words", 3)
    longest: int = attribute(Int(1), "the most words", 10)
    alphabet: int = attribute(Int(2), "how many symbols there are", 10)

    def complaint(self) -> str | None:
        if self.shortest > self.longest:
            return f"`shortest` is {self.shortest}, and `longest` only {self.longest}"
        return super().complaint()

    @property
    def steps(self) -> int:
        return 2 * self.longest + 1

    def example(self) -> dict[str, Type]:
        words = Type((), "int", self.alphabet, (BATCH, SOURCE))
        reply = Type((), "int", self.alphabet + 1, (BATCH, TARGET))
        return {"words": uneven(words), self.target: uneven(reply)}


sources.add(AddingProblem, Copying, Reversal)
