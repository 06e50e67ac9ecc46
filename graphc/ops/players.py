"""Objectives in the long form of `train`: what each makes small or large, and what it moves."""

from __future__ import annotations

from dataclasses import dataclass

from graphc.core.attributes import Declared, Int, Kind, Nested
from graphc.core.by_path import PATTERNS, ByPath
from graphc.core.declaration import Declaration, attribute
from graphc.core.registry import optimizers
from graphc.core.tree import Mapping, Scalar, Tree, plain
from graphc.ops.optimizers import Adam, Optimizer
from graphc.ops.rates import Duration, Rounds, ends_before
from graphc.ops.updates import Clip, Group, OrFrozen, Penalty


@dataclass(frozen=True)
class Formula(Kind):
    """A formula of values, which is read where the values are known."""

    def read(self, tree: Tree) -> Scalar:
        if not isinstance(tree, Scalar) or tree.value is None or isinstance(tree.value, bool):
            raise self.refuse(tree)
        return tree

    def write(self, value: object) -> object:
        assert isinstance(value, Scalar)
        return value.value

    def schema(self) -> dict:
        return {"type": ["string", "number"]}

    def __str__(self) -> str:
        return "a formula of values"


@dataclass(frozen=True)
class Nodes(Kind):
    """Values by their names: formulas and steps, as they stand under `nodes`."""

    def read(self, tree: Tree) -> Mapping:
        if not isinstance(tree, Mapping):
            raise self.refuse(tree, "write `values: {fake: generator(z)}`")
        return tree

    def write(self, value: object) -> object:
        assert isinstance(value, Mapping)
        return plain(value)

    def schema(self) -> dict:
        return {"type": "object", "additionalProperties": {"$ref": "#/definitions/node"}}

    def __str__(self) -> str:
        return "a mapping of names to values"


@dataclass(frozen=True)
class Player(Declaration):
    """One of several objectives: a number, and the weights that move for it.

    Its gradient flows through everything that the number is made of, and moves what it updates
    alone.
    """

    name = "objective"

    update: tuple[str, ...] = attribute(
        PATTERNS, "what moves: networks, paths of weights in them, or values that are weights"
    )
    minimize: Scalar | None = attribute(Formula(), "the number that becomes small", None)
    maximize: Scalar | None = attribute(Formula(), "the number that becomes large", None)
    optimizer: Optimizer = attribute(Declared(optimizers), "what moves the weights", Adam(1e-3))
    clip: Clip | None = attribute(Nested(Clip), "bounds for gradients, before the optimiser", None)
    groups: tuple[tuple[str, Group | str], ...] = attribute(
        ByPath(OrFrozen(Group)),
        "weights that are moved otherwise, or not at all, by their paths; the first pattern counts",
        (),
    )
    regularize: tuple[tuple[str, Penalty], ...] = attribute(
        ByPath(Nested(Penalty)), "what weights add to what becomes small, by their paths", ()
    )
    every: int = attribute(Int(1), "it moves its weights in every so many rounds alone", 1)
    start: int | Duration = attribute(
        Rounds(), "the rounds, or epochs, before it begins to move its weights", 0
    )
    until: int | Duration | None = attribute(
        Rounds(1), "the round, or the epoch, with which it ends; default: never", None
    )

    def complaint(self) -> str | tuple[str, str] | None:
        if (self.minimize is None) == (self.maximize is None):
            both = self.minimize is not None
            word = "`minimize` or `maximize`, and not both" if both else "`minimize` or `maximize`"
            return f"an objective needs {word}"
        if ends_before(self.until, self.start):
            word = "" if isinstance(self.until, Duration) else "round "
            return f"it ends with {word}{self.until}, before it starts", "until"
        return None

    @classmethod
    def schema(cls) -> dict:
        """The JSON Schema, which wants one of `minimize` and `maximize`."""
        found = super().schema()
        one = [{"required": ["minimize"]}, {"required": ["maximize"]}]
        return found | {"anyOf": [each | {"oneOf": one} for each in found["anyOf"]]}

    @property
    def formula(self) -> Scalar:
        """What it makes small or large."""
        found = self.minimize if self.minimize is not None else self.maximize
        assert found is not None
        return found
