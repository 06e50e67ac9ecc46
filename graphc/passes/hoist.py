"""What a cycle computes that does not depend on it leaves its loop.

A layer that is linear in `[x, h@t-1]` is `x @ kernel[:n] + h@t-1 @ kernel[n:] + bias`. The first
product and the bias depend on no other step: they are computed for all steps at once before the
loop, and the loop has the second product alone. (XLA and Flax leave both inside.) A graph
convolution adds up what is along the edges for each of both by itself, and then multiplies.

On a CPU inputs may be too narrow for that: what their product gives for all steps has to be written
to memory and read again, and beside a wide state they make the product in the loop but little
larger (`stays`). What a layer gives that is no wider than the state itself is soon written.

Layers of the loop that read the same value share a product; see `shared`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

from graphc.core.operation import Concatenates, Linear, Operation, Stochastic
from graphc.core.types import Type, constant
from graphc.graph.cycles import Cycle
from graphc.graph.forms import Beside, Held, InBfloat16, Product, Rows
from graphc.graph.graph import Graph, infer, value_types
from graphc.graph.node import Node, Ref
from graphc.graph.tied import Tied
from graphc.passes.linear import contracts_all, plain_linear
from graphc.passes.remarks import Remarks
from graphc.passes.shared import Shared
from graphc.passes.split import (
    Item,
    Place,
    Split,
    appended,
    arrays_of,
    is_narrow,
    layer_of,
    parts_of,
)
from graphc.passes.walk import has_weights


class Hoisted:
    """The nodes of a cycle, those parts of layers outside that need not be in it.

    Args:
        graph: the graph.
        cycle: one of its cycles.
        free: gives a free name for a word.
        remarks: are told what was split.

    Attributes:
        inside: the nodes of the cycle.
        outside: further nodes that they read.
        types: of all values.
        kernels: whether the step multiplies by any.
    """

    def __init__(
        self, graph: Graph, cycle: Cycle, free: Callable[[str], str], remarks: Remarks
    ) -> None:
        self.graph, self.cycle, self.free, self.remarks = graph, cycle, free, remarks
        self.types: dict[Ref, Type] = dict(graph.types)
        self.outside: list[Node] = []
        self.spread: dict[tuple[Operation, Ref], Ref] = {}
        splits = [split for node in cycle.nodes if (split := self._split(node)) is not None]
        shared = Shared(self, splits)
        self.cycle = replace(cycle, nodes=(*cycle.nodes, *shared.guests))
        found = {each.node.name: self._product(each) for each in splits if not shared.holds(each)}
        found |= shared.nodes()
        nodes = [found.get(node.name) or self._lent(node) or [node] for node in self.cycle.nodes]
        self.kernels = any(isinstance(each.operation, Product) for each in chain(*nodes))
        inside = self._live([*chain(*nodes)])
        self.inside = [*self._numbers(inside), *inside]

    def _split(self, node: Node) -> Split | None:
        """A layer's inputs outside of the loop and in it; None to leave it as it is."""
        if not self.is_layer(node):
            return None
        (source,) = node.references
        items, found = self._items(source), []
        if self._narrows(node, [ref for ref, on in items if on]):
            return None
        items = [(self._spread(node, ref, on, found), on) for ref, on in items]
        widths = [self.types[ref].features for ref, _ in items]
        ends = [sum(widths[: i + 1]) for i in range(len(widths))]
        places = [(end - width, end) for width, end in zip(widths, ends, strict=True)]
        placed = [*zip((ref for ref, _ in items), places, strict=True)]
        before, inside = (
            tuple(item for item, (_, on) in zip(placed, items, strict=True) if on == wanted)
            for wanted in (False, True)
        )
        if self._stays(node, *([ref for ref, _ in part] for part in (before, inside))):
            before, inside = (), tuple(placed)
        return Split(node, before, inside, tuple(found))

    def _product(self, split: Split) -> list[Node]:
        """The layer as a product on the cycle and what is added to it."""
        node, found, form = split.node, [*split.first], self.form(split.node)
        kernel, bias = self.held(node)
        rest = self.now(split, kernel, bias, Product(layer=form)) if split.before else bias
        value = self.joined(node, "recurrent", split.inside, lambda each: appended(found, each))
        rows = self.rows(node, "kernel", kernel, split.inside)
        rows = self.narrowed(node, f"{node.name}:kernel", rows)
        activation = getattr(node.operation, "activation", None)
        operation = Product(parts_of(node, self.graph), activation, layer=form)
        return [*found, replace(node, operation=operation, inputs=(value, rows, rest))]

    def held(self, node: Node) -> tuple[Ref, Ref | None]:
        """The kernel and the bias of a layer, which are outside of the loop."""
        layer, kinds = arrays_of(node.operation), self.graph.input_types(node)
        self.put(Node(node.name, Held(layer, kinds), (), node.span))
        arrays = layer.weights(*kinds)
        self.types |= {Ref(node.name, word): constant(each.shape) for word, each in arrays.items()}
        return Ref(node.name, "kernel"), Ref(node.name, "bias") if "bias" in arrays else None

    def now(self, split: Split, kernel: Ref, bias: Ref | None, product: Product) -> Ref:
        """What a layer makes of its inputs outside of the loop, for all steps at once."""
        node = split.node
        x = self.joined(node, "x", split.before, self.put)
        rows = self.rows(node, "inputs", kernel, split.before)
        rows = self.narrowed(node, f"{node.name}:inputs", rows)
        name = self.free(f"{node.name}/now")
        return self.put(Node(name, product, (x, rows, bias), node.span, named=False))

    def _lent(self, node: Node) -> list[Node] | None:
        """A layer whose arrays others read too: they are outside of the loop, and lent to it."""
        if node.name not in self.graph.tied or isinstance(node.operation, Tied):
            return None
        kinds = self.graph.input_types(node)
        arrays = node.operation.weights(*kinds)
        self.put(Node(node.name, Held(node.operation, kinds), (), node.span))
        self.types |= {Ref(node.name, word): constant(each.shape) for word, each in arrays.items()}
        lent = tuple(Ref(node.name, word) for word in arrays)
        operation = Tied(node.operation, tuple(arrays))
        return [replace(node, operation=operation, inputs=(*node.inputs, *lent))]

    def _stays(self, node: Node, before: list[Ref], inside: list[Ref]) -> bool:
        """Whether its products with the inputs are in the loop all the same; see `Forms.stays`."""
        read, carried = (sum(self.types[ref].features for ref in part) for part in (before, inside))
        times = self.remarks.forms.stays
        streams = all(self.cycle.axis in self.types[ref].domain for ref in before)
        form = self.form(node)
        wide = self.types[Ref(node.name)].features > carried
        if times and before and streams and form is None and wide and carried >= times * read:
            text = f"the products of `{node.name}` with its inputs stay in the loop"
            why = f"they are few, {read:,} beside {carried:,} that go round, and need not be kept"
            self._tell(self.remarks.left, node, f"{text}: {why}")
            return True
        text = f"the products of `{node.name}` with what is known before leave the loop"
        self._tell(self.remarks.did, node, text)
        return False

    @staticmethod
    def _tell(tell: Callable, node: Node, text: str) -> None:
        if not node.part:
            tell(3, text, node.span)

    def is_layer(self, node: Node) -> bool:
        """Whether it is `x @ kernel + bias`, or a convolution, several of them or one."""
        operation = layer_of(node)
        beside = isinstance(node.operation, Beside)
        trait = operation.trait(Linear) if beside else plain_linear(self.graph, node)
        if not isinstance(trait, Linear) or trait.contracts != -2:
            return False
        if is_narrow(operation) and self.form(node) is not None:
            text = f"`{node.name}` stays in the loop as it is: it has no product in bfloat16"
            self.remarks.left(3, text, node.span)
            return False
        kinds = self.graph.input_types(node)
        arrays = node.operation.weights(*kinds)
        shape = arrays[trait.kernel].shape or ()
        plain = len(kinds[0].shape) == 1 and len(shape) == 2
        return (plain or self.form(node) is not None) and contracts_all(self.graph, node, trait)

    def form(self, node: Node) -> Operation | None:
        """The layer whose product is another one than that of matrices."""
        layer = layer_of(node)
        (x,) = self.graph.input_types(node)
        return layer if layer.product_code(x) is not None else None

    def _items(self, source: Ref) -> list[tuple[Ref, bool]]:
        """What a layer reads side by side, and whether it is on the cycle."""
        names, node = self.cycle.names, self.graph.by_name.get(source.node)
        beside = node is not None and node.operation.trait(Concatenates)
        if node is None or not beside or node.name not in names or node.operation.axis != -1:
            return [(source, self._inside(source))]
        return [item for ref in node.references for item in self._items(ref)]

    def _narrows(self, node: Node, inside: list[Ref]) -> bool:
        """Whether what a layer does before its product is done to less behind it."""
        given = self.types[Ref(node.name)].features
        read = sum(self.types[ref].features for ref in inside)
        if node.operation.before_product() is None or read <= given:
            return False
        text = f"`{node.name}` stays in the loop as it is: {given:,} features go along the edges"
        self.remarks.left(3, f"{text} behind its product, and {read:,} would before", node.span)
        return True

    def _spread(self, node: Node, ref: Ref, on: bool, inside: list[Node]) -> Ref:
        """A value as it is before the layer's product, for which the loop may have a further node.

        What a layer does before is done to each of the values that it reads by itself, and once for
        all layers that read it.
        """
        operation = node.operation.before_product()
        if operation is None:
            return ref
        if (operation, ref) not in self.spread:
            name = self.free(f"{ref}:spread".replace(".", "_"))
            each = Node(name, operation, (ref,), node.span, named=False)
            self.spread[operation, ref] = Ref(name)
            if on:
                inside.append(each)
                self.types.update(value_types(each, infer(each, self.types)))
            else:
                self.put(each)
                text = f"what `{ref}` is along the edges is added up before the loop"
                self.remarks.did(3, text, node.span)
        return self.spread[operation, ref]

    def _inside(self, ref: Ref) -> bool:
        return ref.node in self.cycle.names and not self.graph.is_weight(ref)

    def joined(
        self, node: Node, word: str, items: Sequence[Item], put: Callable[[Node], Ref]
    ) -> Ref:
        """The values as one, put together as those of the whole layer are."""
        if len(items) == 1 and self.types[items[0][0]].shape:
            return items[0][0]
        joining = self.graph.by_name[node.references[0].node].operation
        refs = tuple(ref for ref, _ in items)
        name = self.free(f"{node.name}:{word}")
        return put(Node(name, joining, refs, node.span, named=False))

    def rows(self, node: Node, word: str, kernel: Ref, items: Sequence[Item]) -> Ref:
        """The rows of the kernel that belong to these values."""
        places: list[Place] = []
        for _, (start, stop) in items:
            if places and places[-1][1] == start:
                places[-1] = (places[-1][0], stop)
            else:
                places.append((start, stop))
        if places != [(0, self.types[kernel].shape[-2])]:
            name = self.free(f"{node.name}:{word}")
            rows = Rows(tuple(places))
            kernel = self.put(Node(name, rows, (kernel,), node.span, named=False))
        return kernel

    def narrowed(self, node: Node, word: str, kernel: Ref) -> Ref:
        """The kernel as it is multiplied by."""
        if not is_narrow(layer_of(node)):
            return kernel
        name = self.free(f"{word}_bfloat16")
        return self.put(Node(name, InBfloat16(), (kernel,), node.span, named=False))

    def put(self, node: Node) -> Ref:
        """Add a node outside of the loop."""
        self.outside.append(node)
        if not isinstance(node.operation, Held):
            self.types.update(value_types(node, infer(node, self.types)))
        return Ref(node.name)

    def _numbers(self, inside: list[Node]) -> list[Node]:
        """What needs no input and no weight, and so may stand in the step itself."""
        read = {ref.node for node in inside for ref in node.references}
        return [
            node
            for node in self.graph.nodes
            if node.name in read
            and node.name not in self.cycle.names
            and not node.references
            and not has_weights(node.operation, ())
            and not node.operation.trait(Stochastic)
        ]

    def _live(self, nodes: list[Node]) -> list[Node]:
        """Those that something still needs."""
        names = {node.name for node in self.cycle.nodes}
        rest = [node for node in self.graph.nodes if node.name not in names]
        waiting = [ref.node for node in rest for ref in node.references]
        waiting += [ref.node for _, ref in self.graph.outputs]
        table, needed = {node.name: node for node in nodes}, set()
        while waiting:
            name = waiting.pop()
            if name in table and name not in needed:
                needed.add(name)
                waiting += [ref.node for ref in table[name].references]
        return [node for node in nodes if node.name in needed]
