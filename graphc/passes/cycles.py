"""cycles: what depends on itself over time becomes a loop over the steps, and nothing else does.

Rules:
    1. The nodes of a cycle (a strongly connected component through `h@t-1`) become one step, which
       `jax.lax.scan` goes through. What is off the cycle is computed for all steps at once, before
       the loop or after it.
    2. A value of another step that is on no cycle is its stream, moved.
    3. A layer that is linear in values of which only some are on the cycle is split: the product
       with the others, and the bias, are computed for all steps at once.
    4. A cycle that is affine in its own state, number by number (`a * h@t-1 + b`), becomes an
       associative scan; not on the CPU, where a loop takes 0.5 to 1.5 times as long, and mostly
       less, over 64 to 16,384 steps (`benchmarks loops`).
    5. The gradients of the kernels that a step multiplies by are products behind the backward loop,
       where the step is a function of floats alone.
    6. Layers of a step that read the same value share a product, if one of them reads nothing else.
       What they make of inputs that stay in the loop is one product too, with that of a layer off
       the cycle that nothing else reads (`benchmarks loops --only shared`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from graphc.core.operation import Literal
from graphc.core.types import BATCH, Axis, Type, is_uneven, without
from graphc.graph.cycles import Cycle, cycles
from graphc.graph.forms import Ordered, Product
from graphc.graph.graph import Graph, arrange
from graphc.graph.node import Node, Ref
from graphc.graph.time import Begin, Delay, Scan, Shift
from graphc.passes.affine import affine
from graphc.passes.hoist import Hoisted
from graphc.passes.remarks import Remarks
from graphc.passes.walk import everywhere, rewired

State = tuple[Ref, int]
"""A value and how many steps ago, or ahead, it is read."""
_NUMBERS = {"float": float, "int": int, "bool": bool}


def scan_cycles(graph: Graph, remarks: Remarks) -> Graph:
    """The graph with a loop for each cycle; see the module's text for the rules."""

    def lower(each: Graph) -> Graph:
        for cycle in cycles(each.nodes):
            each = _lowered(each, cycle, remarks)
        return _shifted(each, remarks)

    return everywhere(lower)(graph)


def _lowered(graph: Graph, cycle: Cycle, remarks: Remarks) -> Graph:
    names = [f"`{node.name}`" for node in cycle.nodes if not node.part]
    span = cycle.nodes[0].span
    whole = affine(graph, cycle, _begin)
    if whole is not None and remarks.forms.affine:
        remarks.did(4, f"{', '.join(names)}: affine in its state, all steps at once", span)
        return whole
    if whole is not None:
        text = f"{', '.join(names)}: affine in its state, but a loop is faster on the CPU"
        remarks.left(4, text, span)
    uneven = any(is_uneven(graph.types[Ref(node.name)], cycle.axis) for node in cycle.nodes)
    end = ", up to the end of each sequence" if uneven else ""
    remarks.did(1, f"{', '.join(names)}: one loop over `{cycle.axis.name}`{end}", span)
    loop = _Loop(graph, cycle, remarks)
    if loop.hoisted.kernels and not loop.is_smooth():
        text = f"{', '.join(names)}: the gradient is that of jax, for the step reads truth values"
        remarks.left(5, f"{text} or whole numbers", span)
    return loop.put()


class _Loop:
    """A cycle of a graph on its way to a `Scan`."""

    def __init__(self, graph: Graph, cycle: Cycle, remarks: Remarks) -> None:
        self.graph = graph
        self.taken = {*graph.by_name, *(name for name, _ in graph.inputs)}
        self.hoisted = Hoisted(graph, cycle, self._free, remarks)
        self.cycle = self.hoisted.cycle
        self.types, self.nodes = self.hoisted.types, self.hoisted.inside

    def put(self) -> Graph:
        """The graph with the loop in the cycle's place."""
        after = {state: self._after(state) for state in self.states}
        given = {ref: self._inner(ref) for ref in self._read_outside()}
        both = [state for state in self.states if after[state] in given.values()]
        order = [*both, *(state for state in self.states if state not in both)]
        outputs = [each for each in dict.fromkeys(given.values()) if each not in after.values()]
        count = len(outputs) + len(both)
        outputs += [after[state] for state in order]
        words = dict(zip(outputs, _words(outputs), strict=True))

        streams = [ref for ref in self.outside if self._is_stream(ref)]
        kernels = [ref for ref in self.outside if self._is_kernel(ref)] if self.is_smooth() else []
        constants = [ref for ref in self.outside if ref not in (*streams, *kernels)]
        read = [*streams, *kernels, *constants]
        scan = Scan(
            self._step(read, order, tuple((words[ref], ref) for ref in outputs)),
            axis=self.cycle.axis,
            now=len(streams),
            kernels=len(kernels),
            given=count,
            states=tuple(map(self._called, order)),
            reverse=self.cycle.reverse,
        )
        begins = [self._begin(state) for state in order]
        refs = (*read, *(Ref(each.name) for each in begins))
        span = min((node.span for node in self.cycle.nodes), key=lambda span: span.line)
        node = Node(self._free("step"), scan, refs, span, named=False)
        moved = {
            ref: Ref(node.name, words[each] if scan.ports else None) for ref, each in given.items()
        }
        turned = [self._turned(ref, moved[ref]) for ref in moved if self._is_turned(ref)]
        rest = [each for each in self.graph.nodes if each.name not in self.cycle.names]
        nodes = [*rest, *self.hoisted.outside, *begins, node]
        moved |= {ref: Ref(each.name) for ref, each in turned}
        return rewired(self.graph, [*nodes, *(each for _, each in turned)], moved)

    def _is_turned(self, ref: Ref) -> bool:
        """Whether the axis that is gone over does not stand right behind the batch."""
        return self.graph.types[ref].domain[1] != self.cycle.axis

    def _turned(self, ref: Ref, value: Ref) -> tuple[Ref, Node]:
        """A value and what gives it its axes back in their order."""
        order = Ordered(self.graph.types[ref].domain)
        name = self._free(f"{value}:ordered".replace(".", "_"))
        span = self.cycle.nodes[0].span
        return ref, Node(name, order, (value,), span, named=False)

    def _step(self, read: list[Ref], order: list[State], ports: tuple) -> Graph:
        """The graph of one step."""
        kinds = [(self.outside[ref], self._step_type(ref)) for ref in read]
        kinds += [(self.states[state], self._step_type(state[0])) for state in order]
        nodes = [replace(node, inputs=self._inputs(node)) for node in self.nodes]
        return Graph(self._title(), tuple(kinds), arrange(kinds, nodes), ports)

    @cached_property
    def outside(self) -> dict[Ref, str]:
        """What the nodes of the cycle read of others, and what the step calls it.

        There is a stream among it, which says how many steps there are.
        """
        read = dict.fromkeys(
            ref for node in self.nodes for ref in node.references if not self._is_inside(ref)
        )
        if not any(map(self._is_stream, read)):
            read[_stream(self.graph, self.cycle.axis)] = None
        return {ref: self._free(str(ref).replace(".", "_"), ref.node) for ref in read}

    @cached_property
    def states(self) -> dict[State, str]:
        """The values that go from step to step, and what the step calls them."""
        found: dict[State, str] = {}
        word = "after" if self.cycle.reverse else "before"
        for delay in self.cycle.delays:
            for away in range(1, abs(_delay(delay).offset) + 1):
                state = delay.references[0], away
                if state not in found:
                    name = delay.name.partition("@")[0].replace(".", "_")
                    found[state] = self._free(f"{name}_{word}" + f"_{away}" * (away > 1))
        return found

    def _called(self, state: State) -> str:
        """`h`, or `h@t-2` for what was before that."""
        ref, away = state
        delays = (each for each in self.cycle.delays if each.references[0] == ref)
        word = next(delays).name.partition("@")[0]
        return f"{word}@t-{away}" if away > 1 else word

    def _free(self, word: str, own: str | None = None) -> str:
        name, count = word, 1
        while name in self.taken and name != own:
            count += 1
            name = f"{word}_{count}"
        self.taken.add(name)
        return name

    def _title(self) -> str:
        name = self.graph.name
        return f"{name or 'network'}_step"

    def _is_inside(self, ref: Ref) -> bool:
        own = {node.name for node in self.nodes} | self.cycle.names
        return ref.node in own and not self.graph.is_weight(ref)

    def _is_stream(self, ref: Ref) -> bool:
        return self.cycle.axis in self.types[ref].domain

    def _is_kernel(self, ref: Ref) -> bool:
        """Whether all that is done with it is to multiply by it."""
        readers = [node for node in self.nodes if ref in node.references]
        return not self._is_stream(ref) and all(
            isinstance(node.operation, Product)
            and node.operation.layer is None
            and node.references.count(ref) == 1
            and node.references[1] == ref
            and self._is_single(node.references[0])
            for node in readers
        )

    def _is_single(self, ref: Ref) -> bool:
        """Whether a step has one of it for each example, and no further axis."""
        if ref in self.types:
            return len(self._step_type(ref).domain) == 1
        joined = next(node for node in self.nodes if node.name == ref.node)
        return all(map(self._is_single, joined.references))

    def is_smooth(self) -> bool:
        """Whether all that the step reads are floats, so that it has a gradient by all of them."""
        read = [*self.outside, *(ref for ref, _ in self.states)]
        return all(self.types[ref].dtype == "float" for ref in read)

    def _step_type(self, ref: Ref) -> Type:
        return without(self.types[ref], self.cycle.axis)

    def _read_outside(self) -> list[Ref]:
        """The values of the cycle that are read elsewhere."""
        names = self.cycle.names
        rest = (node for node in self.graph.nodes if node.name not in names)
        read = [ref for node in rest for ref in node.references]
        read += [ref for _, ref in self.graph.outputs]
        return [ref for ref in dict.fromkeys(read) if ref.node in names and self._is_inside(ref)]

    def _inner(self, ref: Ref) -> Ref:
        """What a reference is inside of the step."""
        if ref in self.outside:
            return Ref(self.outside[ref])
        node = self.graph.by_name.get(ref.node)
        if node is not None and isinstance(node.operation, Delay):
            return Ref(self.states[node.references[0], abs(node.operation.offset)])
        return ref

    def _inputs(self, node: Node) -> tuple[Ref | None, ...]:
        return tuple(ref and self._inner(ref) for ref in node.inputs)

    def _after(self, state: State) -> Ref:
        """What a state is after the step: the value itself, or what was one step nearer before."""
        ref, away = state
        return self._inner(ref) if away == 1 else Ref(self.states[ref, away - 1])

    def _begin(self, state: State) -> Node:
        ref, _ = state
        delay = next(each for each in self.cycle.delays if each.references[0] == ref)
        name = self._free(f"{self.states[state]}:begin")
        return _begin(self.graph, delay, name)


def _begin(graph: Graph, delay: Node, name: str) -> Node:
    """What a delayed value is before the first step, as the node `name`."""
    axis, step = _delay(delay).axis, _delay(delay).step
    likes = _likes(graph, axis, step)
    first = delay.inputs[1] if len(delay.inputs) > 1 else None
    if first is not None and (node := graph.by_name.get(first.node)) is not None:
        literal = node.operation.trait(Literal)
        if isinstance(literal, Literal):
            value = _NUMBERS[step.dtype](getattr(node.operation, literal.attribute))
            return Node(name, Begin(step, value), likes, delay.span, named=False)
    given = (first,) if first is not None else ()
    begin = Begin(step, given=bool(given))
    return Node(name, begin, (*likes, *given), delay.span, named=False)


def _likes(graph: Graph, axis: Axis, step: Type) -> tuple[Ref, ...]:
    """Values that have the axes of a step: a stream over the axis, others where it lacks one."""
    found = [_stream(graph, axis)]
    for other in step.domain:
        if not any(other in graph.types[ref].domain for ref in found):
            found.append(_stream(graph, other))
    return tuple(found)


def _stream(graph: Graph, axis: Axis) -> Ref:
    """A value with the axis that stands on no cycle, of which there is one: cycles read it."""
    looped = {name for cycle in cycles(graph.nodes) for name in cycle.names}
    streams = (ref for ref, kind in graph.types.items() if {axis, BATCH} <= set(kind.domain))
    free = (ref for ref in streams if ref.node not in looped)
    return next(ref for ref in free if not _is_delay(graph.by_name.get(ref.node)))


def _is_delay(node: Node | None) -> bool:
    return node is not None and isinstance(node.operation, Delay)


def _shifted(graph: Graph, remarks: Remarks) -> Graph:
    nodes: list[Node] = []
    for node in graph.nodes:
        if isinstance(node.operation, Delay):
            begin = _begin(graph, node, f"{node.name}:begin")
            shift = Shift(node.operation.axis, node.operation.offset)
            remarks.did(2, f"`{node.name}` is on no cycle: the stream is moved", node.span)
            inputs = (node.references[0], Ref(begin.name))
            nodes += [begin, replace(node, operation=shift, inputs=inputs)]
        else:
            nodes.append(node)
    return graph if len(nodes) == len(graph.nodes) else graph.replace_nodes(nodes)


def _words(refs: list[Ref]) -> list[str]:
    """A name for each output."""
    found: list[str] = []
    for ref in refs:
        word = str(ref).replace(".", "_")
        while word in found:
            word += "_"
        found.append(word)
    return found


def _delay(node: Node) -> Delay:
    assert isinstance(node.operation, Delay)
    return node.operation
