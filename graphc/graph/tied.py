"""Tied weights: a layer some of whose arrays are values from elsewhere.

The array of a node is a value like any other: `Ref("token", "table")` is the table of the node
`token`, the same for all examples. A layer that is given such a value in place of an array of its
own is a `Tied` operation; the value is one of its inputs, an edge of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphc.core.code import Code, code
from graphc.core.declaration import Attribute
from graphc.core.operation import (
    Input,
    Linear,
    Operation,
    Reach,
    ShapeError,
    Standardizes,
    Weight,
)
from graphc.core.types import Type


def nameable(weights: Mapping[str, Weight]) -> dict[str, Weight]:
    """Those of a node's arrays that a spec can name: what is trained, `node.kernel`."""
    return {name: each for name, each in weights.items() if each.trainable and name.isidentifier()}


@dataclass(frozen=True)
class Tied(Operation):
    """A layer that is given some of its weights and makes the rest.

    It is the layer in all else, but has no trait that speaks of its arrays: no pass may take what
    it is given for its own.

    Args:
        layer: the operation.
        given: the names of those weights; their values come behind the layer's own inputs.
    """

    layer: Operation
    given: tuple[str, ...]

    def __getattr__(self, word: str) -> object:
        """An attribute of the layer."""
        return getattr(object.__getattribute__(self, "layer"), word)

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.layer.name

    @property
    def inputs(self) -> tuple[Input, ...]:  # type: ignore[override]
        return (*self.layer.inputs, *map(Input, self.given))

    @property
    def ports(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.layer.ports

    def attributes(self) -> tuple[Attribute, ...]:  # type: ignore[override]
        return self.layer.attributes()

    def write(self) -> object:
        return self.layer.write()

    def trait(self, kind: type) -> object | None:  # type: ignore[override]
        return None if kind in (Linear, Standardizes) else self.layer.trait(kind)

    def infer(self, *types: Type) -> Type | dict[str, Type]:
        own, given = self._split(types)
        result = self.layer.infer(*own)
        weights = self.layer.weights(*own)
        for name, kind in given.items():
            self._check(name, weights[name], kind)
        return result

    def _check(self, name: str, wanted: Weight, kind: Type) -> None:
        if kind.domain:
            over = " and ".join(f"`{axis.name}`" for axis in kind.domain)
            help = "give it the weight of a node (`node.kernel`), or what is computed of weights"
            message = f"`{name}` of `{self.name}` is one array, but its value varies over {over}"
            raise ShapeError(message, help)
        if kind.dtype != "float" or kind.shape != wanted.shape:
            turned = kind.shape[::-1] == wanted.shape and len(kind.shape) > 1
            help = "turn it: `transpose: true`" if turned and hasattr(self, "transpose") else None
            message = f"`{name}` of `{self.name}` is {list(wanted.shape)}, but it is given {kind}"
            raise ShapeError(message, help)

    def weights(self, *types: Type) -> dict[str, Weight]:
        weights = self._all(types)
        return {name: each for name, each in weights.items() if name not in self.given}

    def reach(self, *types: Type) -> Reach | None:
        return self.layer.reach(*self._split(types)[0])

    def flops(self, *types: Type) -> int:
        return self.layer.flops(*self._split(types)[0])

    def build_code(self, *types: Type) -> Code | None:
        own, _ = self._split(types)
        whole = self.layer.build_code(*own)
        if whole is None or self._pure(types) is not None:
            return None
        left_out = ", ".join(map(repr, self._stored(types).values()))
        return code(f"without({whole.text}, {left_out})", **whole.defaults)

    def call_code(self, *types: Type) -> Code:
        pure = self._pure(types)
        if pure is not None:
            return pure
        whole = self.layer.call_code(*self._split(types)[0])
        arrays = ", ".join(f"{word}=${name}" for name, word in self._stored(types).items())
        return code(whole.text.replace("$self", f"with_arrays($self, {arrays})"), **whole.defaults)

    def holes(self, *types: Type) -> dict[str, object]:
        return self.layer.holes(*self._split(types)[0])

    def _split(self, types: tuple[Type, ...]) -> tuple[tuple[Type, ...], dict[str, Type]]:
        """The types of the layer's own inputs, and those of the weights that are given."""
        own = types[: -len(self.given)]
        return own, dict(zip(self.given, types[len(own) :], strict=True))

    def _all(self, types: tuple[Type, ...]) -> dict[str, Weight]:
        return self.layer.weights(*self._split(types)[0])

    def _pure(self, types: tuple[Type, ...]) -> Code | None:
        """The layer's form without a module, which serves where it has no array of its own."""
        return None if self.weights(*types) else self.layer.pure_code(*self._split(types)[0])

    def _stored(self, types: tuple[Type, ...]) -> dict[str, str]:
        """Where the module would keep the weights that are given."""
        weights = self._all(types)
        places = {name: weights[name].stored for name in self.given}
        return {name: name if place is None else place for name, place in places.items()}
