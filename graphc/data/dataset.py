"""A data set: arrays for each split and field, and how they were prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from graphc.core.diagnostic import Diagnostic, Note, RunError, listing
from graphc.core.types import (
    BATCH,
    NODES,
    SENDERS,
    Type,
    counted_over,
    is_beside,
    named_axis,
    time_axes,
    uneven_axes,
)
from graphc.data.held import held
from graphc.data.neighbours import SEEDS, by_node
from graphc.data.rows import Rows, pieces
from graphc.data.scaling import Arrays as Arrays
from graphc.data.scaling import Scaling as Scaling
from graphc.ops.sources import Columns

SPLITS = ("train", "validation", "test")
_SHOWN = 5
_CALLED = {
    "class_names": "classes or symbols",
    "target": "targets",
    "columns": "columns",
    "fields": "fields",
    "scaling": "means and deviations",
    "nodes": "nodes",
    "edges": "edges",
}
"""What the parts of a form are called in messages."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Form:
    """What new examples must be like, and how they are prepared: what a run keeps of its data.

    Attributes:
        fields: the type of one example's fields.
        target: the field that losses compare with by default.
        class_names: what the target's integers mean, or None where it is a quantity.
        scaling: how float inputs were scaled (without moments where they were not).
        columns: of a table, which of its columns were used, and their categories.
        directed: whether the edges of graphs lead one way.
        reads_target: whether the network reads the target, as a decoder reads what it is to say.
        compared: further fields that outputs are compared with, and that the network never reads.
        at_most: for fields that the network takes a number of steps of, how many that is.
        sparse: fields of which the program takes the numbers alone that are not 0.
        edges: those of the graph that all examples are over, new ones too: senders and receivers.
        nodes: the names of its nodes.
    """

    fields: dict[str, Type]
    target: str
    class_names: tuple[str, ...] | None
    scaling: Scaling
    columns: Columns | None = None
    directed: bool = False
    reads_target: bool = False
    compared: tuple[str, ...] = ()
    at_most: dict[str, int] = field(default_factory=dict)
    sparse: tuple[str, ...] = ()
    edges: tuple[tuple[int, ...], ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def inputs(self) -> dict[str, Type]:
        """The fields of new examples, without the lengths of sequences and the edges of graphs."""
        left_out = self.compared if self.reads_target else (self.target, *self.compared)
        fields = self.fields.items()
        return {name: kind for name, kind in fields if name not in left_out and not is_beside(name)}

    def as_dict(self) -> dict[str, Any]:
        """Plain data that `json` writes and `from_dict` reads."""
        return {
            "fields": {name: _as_dict(kind) for name, kind in self.fields.items()},
            "target": self.target,
            "class_names": None if self.class_names is None else list(self.class_names),
            "scaling": self.scaling.as_dict(),
            "columns": None if self.columns is None else self.columns.as_dict(),
            **({"directed": True} if self.directed else {}),
            **({"reads_target": True} if self.reads_target else {}),
            **({"compared": list(self.compared)} if self.compared else {}),
            **({"at_most": self.at_most} if self.at_most else {}),
            **({"sparse": list(self.sparse)} if self.sparse else {}),
            **(
                {"edges": list(map(list, self.edges)), "nodes": list(self.nodes)}
                if self.nodes
                else {}
            ),
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Form:
        """The form that `as_dict` wrote."""
        names, columns = data["class_names"], data["columns"]
        return Form(
            fields={name: _from_dict(kind) for name, kind in data["fields"].items()},
            target=data["target"],
            class_names=None if names is None else tuple(names),
            scaling=Scaling.from_dict(data["scaling"]),
            columns=None if columns is None else Columns.from_dict(columns),
            directed=data.get("directed", False),
            reads_target=data.get("reads_target", False),
            compared=tuple(data.get("compared", ())),
            at_most=data.get("at_most", {}),
            sparse=tuple(data.get("sparse", ())),
            edges=tuple(tuple(each) for each in data.get("edges", ())),
            nodes=tuple(data.get("nodes", ())),
        )

    def require_alike(self, other: Form) -> None:
        """Raise RunError GC607 where other data is not what this was made from, or like it."""
        before, after = self.as_dict(), other.as_dict()
        changed = next((each for each in _CALLED if before.get(each) != after.get(each)), None)
        if changed is None:
            return
        notes = ()
        if changed == "class_names":
            notes = _changed_names(self.class_names or (), other.class_names or ())
        message = f"the data is not that of the run: its {_CALLED[changed]} differ"
        help = "restore the data, or train on it into another directory"
        raise RunError(Diagnostic("GC607", message, notes=notes, help=help))


def _changed_names(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[Note, ...]:
    new = [name for name in after if name not in before]
    gone = [name for name in before if name not in after]
    pairs = {"new": new, "gone": gone}
    words = (f"{word}: {listing(each[:_SHOWN])}" for word, each in pairs.items() if each)
    return (Note("; ".join(words) or "they have another order"),)


def _as_dict(kind: Type) -> dict[str, Any]:
    axes = {"axes": [axis.name for axis in kind.domain if axis != BATCH]}
    if uneven_axes(kind):
        axes["uneven"] = [axis.name for axis in uneven_axes(kind)]
    return {
        "shape": list(kind.shape),
        "dtype": kind.dtype,
        "below": kind.below,
        **(axes if axes["axes"] else {}),
    }


def _from_dict(data: Mapping[str, Any]) -> Type:
    axes = map(named_axis, data.get("axes", ()))
    presence = frozenset({BATCH.name, *data.get("uneven", ())})
    return Type(tuple(data["shape"]), data["dtype"], data["below"], (BATCH, *axes), presence)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset(Form):
    """A data set, split and scaled; its arrays are read-only, or `Rows` where it is streamed.

    Attributes:
        splits: `train`, and where they are not empty `validation` and `test`; each a dict of
            arrays [examples, ...] by field, in float32, int32 or bool.
        balance: whether training sees every class equally often.
        missing: by split and field, how many values were missing before they were filled in.
        left_out: how many edges of a graph were left out, by the reason.
        node_names: what the nodes of a graph are called, where they have names.
        device: that of the programs that it is held for, cpu, gpu or tpu.
        draws: whether training draws neighbours of the nodes of one graph.
    """

    splits: dict[str, Arrays]
    balance: bool = False
    missing: dict[str, dict[str, int]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    node_names: tuple[str, ...] | None = None
    device: str = "cpu"
    draws: bool = False

    def __post_init__(self) -> None:
        for arrays in self.splits.values():
            for array in arrays.values():
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False

    @property
    def streamed(self) -> bool:
        """Whether examples are made when they are asked for, because not all fit into memory."""
        return any(isinstance(each, Rows) for each in self.splits["train"].values())

    @property
    def size(self) -> int:
        """The bytes of all prepared examples."""
        several = (each for arrays in self.splits.values() for each in arrays.values())
        return sum(int(np.prod(each.shape)) * each.dtype.itemsize for each in several)

    @property
    def longest(self) -> int | None:
        """The steps of the longest sequence; None where there are none."""
        arrays = self.splits["train"]
        steps = [arrays[name].shape[1] for name, kind in self.fields.items() if time_axes(kind)]
        return max(steps, default=None)

    @property
    def balanced(self) -> np.ndarray | None:
        """The classes of the training examples where each is seen equally often, else None."""
        return self.splits["train"][self.target] if self.balance else None

    @property
    def class_counts(self) -> list[int] | None:
        """How often each class is a target of the training examples; None without classes."""
        kind = self.fields[self.target]
        if kind.dtype != "int" or kind.below is None:
            return None
        counts = np.zeros(kind.below, np.int64)
        train = self.splits["train"]
        if (counted := train.get(counted_over(NODES.name))) is not None:
            return np.bincount(train[self.target][counted], minlength=kind.below).tolist()
        for _, labels in pieces(train[self.target]):
            counts += np.bincount(labels.ravel(), minlength=kind.below)
        return counts.tolist()

    @cached_property
    def held(self) -> dict[str, dict[str, Any]]:
        """The arrays of each split as programs take them."""
        return held(self.splits, self.sparse, self._nodes, self.device)

    @cached_property
    def learned(self) -> dict[str, Any]:
        """The arrays that training takes its batches from."""
        return self.drawn_from("train") if self.draws else self.held["train"]

    def drawn_from(self, split: str) -> dict[str, np.ndarray]:
        """The arrays of a split of one graph, for batches of nodes whose neighbours are drawn."""
        fields = dict.fromkeys((*self.inputs, self.target, *self.compared))
        return by_node(self.splits[split], fields) if split in self.splits else {}

    @property
    def _nodes(self) -> int | None:
        """How many nodes every graph has, those counted that pad it; None where there are none."""
        if SENDERS not in self.fields:
            return None
        name, kind = next(each for each in self.fields.items() if NODES in each[1].domain)
        return self.splits["train"][name].shape[kind.domain.index(NODES)]

    @property
    def examples(self) -> int:
        """How many examples an epoch goes through, or nodes where neighbours are drawn."""
        return len(self.learned[SEEDS]) if self.draws else self.count("train")

    def count(self, split: str) -> int:
        """How many examples a split has; 0 where there is none."""
        return len(self.splits[split][self.target]) if split in self.splits else 0
