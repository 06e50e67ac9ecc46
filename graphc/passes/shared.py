"""Layers of a loop that read the same value are one product of it.

In `r: sigmoid(dense(x, h@t-1))` and `seen: dense(h@t-1)` both multiply by the state. What they make
of it is one product, whose columns are shared out; where the inputs stay in the loop, so is what
they make of these, with that of layers outside whose values the loop alone reads. (The gates and
the candidate of a GRU, as cuDNN computes them.) Nothing is shared where no layer reads the value by
itself, for there would be more products than before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from graphc.core.diagnostic import listing
from graphc.core.types import BATCH
from graphc.graph.forms import Columns, Product, Summed
from graphc.graph.node import Node, Ref
from graphc.passes.split import Item, Split, appended, is_narrow, layer_of, parts_of

if TYPE_CHECKING:
    from graphc.passes.hoist import Hoisted

Read = tuple[Ref, bool]
"""A value, and whether it is multiplied in bfloat16."""
Term = tuple[Split, tuple[Item, ...]]
"""A layer, and what it reads of the values of one product."""


class Shared:
    """Those of the layers of a cycle that share products.

    Args:
        loop: what the cycle is to become.
        splits: its layers.

    Attributes:
        guests: layers outside that are to be in the loop too.
    """

    def __init__(self, loop: Hoisted, splits: list[Split]) -> None:
        self.loop = loop
        splits = splits if loop.remarks.forms.shared else []
        able = [each for each in splits if self._is_able(each)]
        times = Counter(read for each in able for read in _reads(each))
        alone = {_reads(each)[0] for each in able if len(each.inside) == 1}
        self.values = {read for read in alone if times[read] > 1}
        sharing = [each for each in able if self.values.intersection(_reads(each))]
        guests = self._guests(splits, sharing)
        self.guests = tuple(each.node for each in guests)
        self.values.update(read for each in guests for read in _reads(each))
        self.splits = [*sharing, *guests]
        if sharing:
            text = f"{listing(each.node.name for each in self.splits)} share products"
            loop.remarks.did(6, text, sharing[0].node.span)

    def holds(self, split: Split) -> bool:
        """Whether the layer is one of them."""
        return split in self.splits

    def nodes(self) -> dict[str, list[Node]]:
        """The nodes in the loop that each of them becomes."""
        found: dict[str, list[Node]] = {each.node.name: [*each.first] for each in self.splits}
        arrays = {each.node.name: self.loop.held(each.node) for each in self.splits}
        columns: dict[str, list[tuple[Ref, int | None]]] = {name: [] for name in found}
        for terms in self._products():
            product = self._product(terms, arrays, found[terms[0][0].node.name])
            counts = [len(self._widths(split.node)) for split, _ in terms]
            for (split, _), place in zip(terms, accumulate([0, *counts[:-1]]), strict=True):
                columns[split.node.name].append((product, place if sum(counts) > 1 else None))
        for split in self.splits:
            name = split.node.name
            found[name].append(self._sum(split, columns[name], *arrays[name]))
        return found

    def _guests(self, splits: list[Split], sharing: list[Split]) -> list[Split]:
        """Layers outside of what the loop reads in any case, whose values it alone reads."""
        loop, names = self.loop, self.loop.cycle.names
        reads = {read for each in sharing for read in _reads(each) if read[0].node not in names}
        taken = {ref.node for each in splits for ref, _ in (*each.before, *each.inside)}
        taken.update(ref.node for _, ref in loop.graph.outputs)
        found = []
        for node in loop.graph.nodes:
            users = {each.name for each in loop.graph.users[node.name]}
            if node.name in names | taken or not users or users - names or node.remat:
                continue
            if loop.is_layer(node):
                place = 0, loop.types[node.references[0]].features
                split = Split(node, (), ((node.references[0], place),))
                if self._is_able(split) and reads.issuperset(_reads(split)):
                    found.append(split)
        return found

    def _products(self) -> list[list[Term]]:
        """The layers that share each product; what a layer reads of no other is one of its own."""
        found: dict[object, list[Term]] = {}
        for split in self.splits:
            own: dict[object, tuple[Item, ...]] = {}
            for item, read in zip(split.inside, _reads(split), strict=True):
                key = read if read in self.values else split.node.name
                own[key] = (*own.get(key, ()), item)
            for key, items in own.items():
                found.setdefault(key, []).append((split, items))
        return list(found.values())

    def _product(self, terms: list[Term], arrays: dict, first: list[Node]) -> Ref:
        """One product for several layers, or for one."""
        loop, (split, items) = self.loop, terms[0]
        words = (ref.node.partition("@")[0] for ref, _ in items)
        name = loop.free(f"from_{'_'.join(words)}")
        value = loop.joined(split.node, "recurrent", items, lambda each: appended(first, each))
        kernels = [
            loop.rows(each.node, name, arrays[each.node.name][0], items) for each, items in terms
        ]
        kernel = self._beside(f"{name}:kernel", split.node, kernels)
        kernel = loop.narrowed(split.node, f"{name}:kernel", kernel)
        biases = [self._bias(each, items, arrays[each.node.name][1]) for each, items in terms]
        has = any(isinstance(each, Ref) for each in biases)
        bias = self._beside(f"{name}:bias", split.node, biases) if has else None
        widths = tuple(width for each, _ in terms for width in self._widths(each.node))
        product = Product(widths if len(widths) > 1 else ())
        first.append(Node(name, product, (value, kernel, bias), split.node.span, named=False))
        return Ref(name)

    def _bias(self, split: Split, items: tuple[Item, ...], bias: Ref | None) -> Ref | int:
        """What belongs to a layer of the bias of one of its products: zeros but in the first."""
        if bias is None or split.before or items[0] != split.inside[0]:
            return sum(self._widths(split.node))
        return bias

    def _beside(self, name: str, node: Node, columns: Sequence[Ref | int]) -> Ref:
        """Columns of several layers as one array."""
        refs = tuple(each for each in columns if isinstance(each, Ref))
        if len(columns) == 1:
            return refs[0]
        parts = tuple(None if isinstance(each, Ref) else each for each in columns)
        each = Node(self.loop.free(name), Columns(parts), refs, node.span, named=False)
        return self.loop.put(each)

    def _sum(
        self, split: Split, columns: list[tuple[Ref, int | None]], kernel: Ref, bias: Ref | None
    ) -> Node:
        """A layer as the sum of its columns of each product, and of what it is outside."""
        node = split.node
        parts = parts_of(node, self.loop.graph)
        if split.before:
            now = self.loop.now(split, kernel, bias, Product(parts))
            columns = [*columns, (now, 0 if parts else None)]
        refs, places = zip(*columns, strict=True)
        activation = getattr(node.operation, "activation", None)
        operation = Summed(self._widths(node), places, activation, bool(parts))
        return replace(node, operation=operation, inputs=refs)

    def _widths(self, node: Node) -> tuple[int, ...]:
        """The features of a layer, or of each of those beside one another."""
        whole = self.loop.graph.types[Ref(node.name)].features
        return parts_of(node, self.loop.graph) or (whole,)

    def _is_able(self, split: Split) -> bool:
        """Whether it is a plain product of what a step has one of for each example, read once."""
        loop, reads = self.loop, _reads(split)
        domain = loop.graph.types[Ref(split.node.name)].domain
        plain = loop.form(split.node) is None and domain == (BATCH, loop.cycle.axis)
        return plain and len(set(reads)) == len(reads) > 0


def _reads(split: Split) -> list[Read]:
    return [(ref, is_narrow(layer_of(split.node))) for ref, _ in split.inside]
