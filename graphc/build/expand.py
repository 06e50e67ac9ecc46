"""Definitions become graphs: every call of a block is written out for the types it meets.

The nodes of a section are expanded in the order of their dependencies, whatever order they were
written in, and every type is inferred on the way, so that a mistake is reported where it stands
with the shapes that led there. A node whose input could not be made is passed over in silence.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from graphc.build import syntax
from graphc.build.assembly import Assembly, Poisoned, Scope
from graphc.build.clocks import held, refuse_clock
from graphc.build.context import Context, enter, from_inside
from graphc.build.formulas import constant, expand_formula, is_required
from graphc.build.inputs import but_the_first, connect, network_inputs
from graphc.build.library import Definition, Network
from graphc.build.limits import Limits
from graphc.build.ordering import Knot, in_order
from graphc.build.parameters import Callback, Environment, Layers, bind
from graphc.build.precision import check_owner, in_precision, read_precision
from graphc.build.recurrence import close_cycles, expect_types
from graphc.build.remat import mark
from graphc.build.spreading import for_each_example
from graphc.build.steps import fail, need_from, read_steps, step_names
from graphc.build.tying import Given
from graphc.build.user_code import Use, folder_of, resolved
from graphc.build.wrappers import WRAPPER_FORMS
from graphc.core.diagnostic import Diagnostic, InternalError, Report, SpecError
from graphc.core.operation import Draws
from graphc.core.span import Span
from graphc.core.tree import Scalar, Tree
from graphc.core.types import Type
from graphc.graph.calls import Call, NetworkCall
from graphc.graph.graph import Graph
from graphc.graph.node import Ref
from graphc.ops.networks import Role
from graphc.ops.user_code import Python


class Expander:
    """Expands networks and blocks, each distinct one once.

    Args:
        report: takes the problems.
        parameters: the values of the spec's `params`.
        data_below: for each field of the data, how many values it has; None where the data is
            wrong, which is reported already.
        uneven: the axes of sequences of different length, as the data or an input says.
        python: whether code of the user's may be run, or the one folder that it is in.

    Attributes:
        uses: the steps that run some.
        longest: for inputs of networks that say so, how long their sequences are at most, and where
            that is said.
    """

    def __init__(
        self,
        report: Report,
        parameters: Mapping[str, Tree] | None = None,
        data_below: Mapping[str, int] | None = None,
        python: bool | str = True,
        uneven: Container[str] = (),
    ) -> None:
        self.report, self.python, self.uneven = report, python, uneven
        self.longest: dict[tuple[str, str], tuple[int, Span]] = {}
        self.uses: list[Use] = []
        self.parameters = dict(parameters or {})
        self.data_below = data_below
        self._blocks: dict[object, Graph] = {}
        self._networks: dict[str, Graph | None] = {}
        self.roles: dict[str, Role] = {}
        self._limits = Limits()

    # Networks

    def network(self, network: Network, calls: tuple[tuple[str, int], ...] = ()) -> Graph | None:
        """The graph of a network, or None if it has errors, which are then in the report."""
        if network.name not in self._networks:
            self._networks[network.name] = None
            self.roles[network.name] = network.role
            own = self.parameters if network.parameters is None else network.parameters
            context = Context(self, network.library, Environment(own), calls)
            try:
                self._networks[network.name] = self._new_network(network, context)
            except RecursionError:
                self._too_deep(network)
        return self._networks[network.name]

    def graphs(self) -> dict[str, Graph]:
        """Every network that was expanded without an error, in the order of their names."""
        found = {name: graph for name, graph in self._networks.items() if graph is not None}
        if len(found) < len(self._networks) and not self.report.errors:
            raise InternalError("a network could not be expanded, and no error says why")
        return dict(sorted(found.items()))

    def _too_deep(self, network: Network) -> None:
        message = "the blocks and steps of this network nest too deep"
        self.report.error("GC213", message, network.span, help="write fewer inside each other")

    def _new_network(self, network: Network, context: Context) -> Graph | None:
        context = enter(context, network.name or "network", id(network), network.span)
        before = len(self.report.errors)
        inputs, longest = network_inputs(network, context, self.data_below, self.uneven)
        self.longest |= {(network.name, word): most for word, most in longest.items()}
        environment = replace(context.environment, inputs=inputs)
        assembly = Assembly(network.name or "network", inputs, limits=self._limits)
        context = replace(context, environment=environment)
        if network.section.precision is not None:
            written = network.section.precision
            context = self._in_precision(written, network.name or "network", context)
        outputs = self.section(network.section, assembly, context)
        if len(self.report.errors) > before or outputs is None:
            return None
        return assembly.finish(outputs)

    def _in_precision(self, tree: Tree, owner: str, context: Context) -> Context:
        """The context with the precision that is written there."""
        word = self.attempt(read_precision, context.environment.substitute(tree), owner)
        return context if word is None else replace(context, precision=word)

    # Sections

    def section(
        self, section: syntax.Section, assembly: Assembly, context: Context
    ) -> tuple[tuple[str, Ref], ...] | None:
        """Expand a section into an assembly that has its inputs; gives the outputs."""
        given = (*assembly.inputs, *assembly.nodes)  # the nodes are defaults of inputs left out
        scope = Scope(assembly, {name: Ref(name) for name in given})
        for each in section.inputs or ():
            scope.names.setdefault(each.name.text, None)  # a bad declaration poisons its readers
        if section.inputs is None and not scope.names:
            scope.names[""] = None  # a network without inputs, which is reported
        if section.layers is not None:
            last = self.chain(section.layers, "", scope, _only_input(scope), context)
            if section.outputs is None:
                close_cycles(section, scope, context)
                return None if last is None else ((_port_name(last), last),)
        else:
            self.nodes(section, scope, context)
        close_cycles(section, scope, context)
        if not section.outputs:
            return None
        return self._outputs(section, scope)

    def nodes(self, section: syntax.Section, scope: Scope, context: Context) -> None:
        """Expand the nodes of a section."""
        nodes = tuple(each for each in section.nodes if each[0].text not in scope.names)
        default = _only_input(scope)
        scope.assembly.reserved |= {name.text for name, _ in nodes}
        for knot in in_order(section, nodes, self.report, context.environment):
            if knot.delayed:
                expect_types(knot, section, scope, default, context)
            self.entries(knot, scope, default, context)

    def entries(self, knot: Knot, scope: Scope, default: Ref | None, context: Context) -> None:
        """Expand nodes one after another."""
        for name, node in knot.entries:
            ref = None
            if node is not None:
                ref = self.attempt(self.node, node, name, scope, default, context)
            scope.names[name.text] = ref

    def _outputs(self, section: syntax.Section, scope: Scope) -> tuple[tuple[str, Ref], ...] | None:
        found: dict[str, Ref] = {}
        for reference in section.outputs or ():
            ref = self.attempt(scope.find, reference)
            if ref is None:
                return None
            found[reference.port or reference.name] = ref
        return tuple(found.items())

    def attempt(self, action, *arguments):
        """Run `action`; errors go to the report (each once), poisoned values to silence."""
        try:
            return action(*arguments)
        except Poisoned:
            return None
        except SpecError as error:
            self.take(error.diagnostics)
            return None

    def take(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Report what was not reported before, by another call of the same definition."""
        known = {(each.code, each.message, each.span) for each in self.report.diagnostics}
        for each in diagnostics:
            if (each.code, each.message, each.span) not in known:
                self.report.diagnostics.append(each)

    # Nodes

    def node(
        self, node: syntax.Node, name: Scalar, scope: Scope, default: Ref | None, context: Context
    ) -> Ref:
        """One entry of `nodes`."""
        if isinstance(node, syntax.Step):
            made = self.step(node, name.text, scope, default, context, named=True)
            return made if node.every is None else held(node, name.text, made, scope, context)
        if isinstance(node, syntax.Chain):
            return self._inline(node, name, scope, default, context)
        return expand_formula(node, name.text, scope, context)

    def _inline(
        self, node: syntax.Chain, name: Scalar, scope: Scope, default: Ref | None, context: Context
    ) -> Ref:
        source = default
        if node.sources is not None:
            source = connect((("x", False),), node.sources, name.text, scope, node.span)[0]
        if source is None:
            raise _need_from(syntax.Reference(name.text, name.span), scope)
        last = self.layers(self._handed(node, context), f"{name.text}/", scope, source, context)
        if last is None:
            raise Poisoned
        return last

    def _handed(self, node: syntax.Chain, context: Context):
        if not isinstance(node.steps, syntax.Parameter):
            return node.steps
        value = context.environment.lookup(node.steps)
        if not isinstance(value, Layers):
            raise fail("GC217", f"`${node.steps.name}` holds no steps", node.steps)
        return value

    def layers(self, steps, prefix: str, scope: Scope, source: Ref, context: Context) -> Ref | None:
        """A chain of steps as written, or as handed to a block from elsewhere."""
        if not isinstance(steps, Layers):
            return self.chain(steps, prefix, scope.inner(), source, context)
        if isinstance(steps.tree, Callback):
            place = Scope(scope.assembly, {}, steps.scope)
            return steps.tree.function(place, prefix, source, steps.context)
        problems = Report()
        read = read_steps(steps.tree, problems)
        self.take(problems.diagnostics)
        place = Scope(scope.assembly, {}, steps.scope)
        return self.chain(read, prefix, place, source, steps.context)

    def chain(
        self,
        steps: tuple[syntax.Step | None, ...],
        prefix: str,
        scope: Scope,
        source: Ref | None,
        context: Context,
    ) -> Ref | None:
        """Steps one after another; gives the last value, or None if a step failed."""
        given = {prefix + step.name.text for step in steps if step and step.name is not None}
        scope.assembly.reserved |= given
        for step in steps:
            if step is None:
                return self._poison(steps, scope)
            named = step.name is not None
            if step.every is not None:
                self.attempt(refuse_clock, step)
                return self._poison(steps, scope)
            if step.name is not None:
                name = prefix + step.name.text
                self._check_free(step.name, name, scope)
            else:
                name = scope.assembly.free_name(prefix + _word(step), given)
                scope.assembly.reserved.add(name)
            made = self.attempt(self.step, step, name, scope, source, context, named)
            if step.name is not None:
                scope.names[step.name.text] = made
            if made is None:
                return self._poison(steps, scope)
            source = made
        return source

    def _check_free(self, written: Scalar, name: str, scope: Scope) -> None:
        if written.text in scope.names or name in scope.assembly.nodes:
            message = f"the name `{written.text}` is taken"
            self.report.error("GC222", message, written.span, help="choose another name")
        elif scope.owner(written.text) is not None:
            message = f"the name `{written.text}` hides the value `{written.text}` around it"
            self.report.warn("GC222", message, written.span, help="choose another name")

    def _poison(self, steps: tuple[syntax.Step | None, ...], scope: Scope) -> None:
        for step in steps:
            if step is not None and step.name is not None:
                scope.names.setdefault(step.name.text, None)

    def step(
        self,
        step: syntax.Step,
        name: str,
        scope: Scope,
        default: Ref | None,
        context: Context,
        named: bool,
    ) -> Ref:
        """One step as the node `name`."""
        made = self._step(step, name, scope, default, context, named)
        if step.remat is not None:
            mark(scope.assembly, name, step, step.remat, context)
        return made

    def _step(self, step: syntax.Step, name, scope: Scope, default, context: Context, named) -> Ref:
        found = context.library.find(step.operation, step.operation_span)
        if step.precision is not None:
            check_owner(found, step)
            context = self._in_precision(step.precision, step.operation, context)
        if isinstance(found, str):
            return WRAPPER_FORMS[found](step, name, scope, default, context, named)
        if isinstance(found, Definition):
            return self._call_block(found, step, name, scope, default, context, named)
        if isinstance(found, Network):
            return self._network_step(found, step, name, scope, default, context, named)
        given = None if step.attributes is None else context.environment.substitute(step.attributes)
        operation = found.read(given, step.operation_span)
        if isinstance(operation, Python):
            operation = resolved(operation, step, self.python)
        operation = in_precision(operation, context.precision)
        weights = Given.of(operation, step)
        wanted = tuple((each.name, each.optional) for each in operation.inputs)
        wanted = tuple((each, False) for each in operation.names) or wanted
        if default is None and operation.trait(Draws):
            default = context.examples
        inputs = self.sources(weights.step, name, wanted, operation.variadic, scope, default)
        if isinstance(operation, Python):
            types = tuple(scope.assembly.types[each] for each in inputs if each is not None)
            folder = folder_of(step, self.python)
            self.uses.append(Use(operation, types, folder, step.operation_span))
        operation, inputs = weights.tie(name, inputs, scope)
        return scope.assembly.add(name, operation, inputs, step.operation_span, named)

    def sources(
        self,
        step: syntax.Step,
        name: str,
        wanted: tuple[tuple[str, bool], ...],
        variadic: bool,
        scope: Scope,
        default: Ref | None,
    ) -> tuple[Ref | None, ...]:
        """The values that a step reads."""
        if step.sources is not None:
            span = step.sources_span or step.span
            if default is not None and but_the_first(wanted, step.sources):
                rest = connect(wanted[1:], step.sources, name, scope, span, False, step.operation)
                return default, *rest
            return connect(wanted, step.sources, name, scope, span, variadic, step.operation)
        required = [each for each, optional in wanted if not optional]
        if not wanted and not variadic:
            return ()
        if default is None:
            raise _need_from(step.word, scope)
        if len(required) > 1:
            raise self._several(step, required)
        if variadic:
            return (default,)
        return tuple(default if i == 0 else None for i in range(len(wanted)))

    def _several(self, step: syntax.Step, required: list[str]) -> SpecError:
        pairs = ", ".join(f"{each}: ..." for each in required)
        message = f"`{step.operation}` has {len(required)} inputs and needs to be told them by name"
        return fail("GC214", message, step.word, f"write `from: {{{pairs}}}`")

    # Calls

    def _call_block(
        self, found: Definition, step, name, scope: Scope, default, context: Context, named
    ) -> Ref:
        block = found.block
        declared = block.section.inputs
        wanted = (
            (("x", False),)
            if declared is None
            else tuple((each.name.text, not is_required(each)) for each in declared)
        )
        values = bind(
            block.parameters,
            step.attributes,
            step.operation,
            step.operation_span,
            context.environment,
            lambda tree: Layers(tree, context, scope, _layers_key(tree, context)),
        )
        inputs = self.sources(step, name, wanted, False, scope, default)
        return self.call(found, values, wanted, inputs, step, name, scope, context, named)

    def call(
        self, found: Definition, values, wanted, inputs, step, name, scope, context, named
    ) -> Ref:
        """Add a call of a block with these parameters and inputs."""
        given = {
            word: scope.assembly.types[ref]
            for (word, _), ref in zip(wanted, inputs, strict=True)
            if ref is not None
        }
        graph, captured = self.block(found, values, given, scope, step, context)
        arguments = tuple((key, _plain(value)) for key, value in sorted(values.items()))
        present = tuple(ref for ref in inputs if ref is not None)
        operation = Call(graph, arguments)
        span = step.operation_span
        return scope.assembly.add(name, operation, (*present, *captured), span, named)

    def block(
        self,
        found: Definition,
        values,
        given: dict[str, Type],
        scope: Scope,
        step,
        context: Context,
    ) -> tuple[Graph, tuple[Ref, ...]]:
        """The graph of a block for these parameters and input types, and what it captures."""
        block = found.block
        environment = Environment(values, given)
        key = (id(block), environment.key, tuple(given.items()), context.precision)
        if key in self._blocks:
            return self._blocks[key], ()
        inner = replace(context, library=found.library, environment=environment, examples=None)
        inner = enter(inner, block.name, id(block), step.operation_span)
        assembly = Assembly(block.name, given, scope.assembly)
        handed = (each.tree for each in values.values() if isinstance(each, Layers))
        assembly.reserved = {name for tree in handed for name in step_names(tree)}
        graph = self._inside(block, assembly, inner, step.operation_span)
        captured = tuple(assembly.captured.values())
        if not captured:
            self._blocks[key] = graph
        return graph, captured

    def _inside(
        self, block: syntax.Block, assembly: Assembly, context: Context, span: Span
    ) -> Graph:
        report, self.report = self.report, Report()
        try:
            self._defaults(block, assembly)
            outputs = self.section(block.section, assembly, context)
        finally:
            inner, self.report = self.report, report
        if inner.errors:
            raise SpecError(from_inside(inner.errors, block, span))
        self.report.diagnostics += inner.warnings
        if outputs is None:
            raise Poisoned
        return assembly.finish(outputs)

    def _defaults(self, block: syntax.Block, assembly: Assembly) -> None:
        for each in block.section.inputs or ():
            if not is_required(each) and each.name.text not in assembly.inputs:
                assembly.add(each.name.text, constant(each.written), (), each.name.span)

    def _network_step(
        self, network: Network, step, name, scope: Scope, default, context: Context, named
    ) -> Ref:
        wanted = tuple((each.name.text, False) for each in network.section.inputs or ())
        inputs = self.sources(step, name, wanted, False, scope, default)
        return self.call_network(network, step, name, scope, inputs, context, named)

    def call_network(
        self, network: Network, step, name, scope: Scope, inputs, context: Context, named
    ) -> Ref:
        """Add a call of a network, which shares its weights with its other calls."""
        if isinstance(step.attributes, Scalar) or step.attributes:
            message = f"network `{network.name}` takes no attributes"
            raise fail("GC211", message, step.attributes, "values go under `from`")
        enter(context, network.name, id(network), step.operation_span)
        graph = self.network(network, context.calls)
        if graph is None:
            raise Poisoned
        operation = NetworkCall(graph, network=network.name, still=network.role.still)
        span, assembly = step.operation_span, scope.assembly
        inputs = for_each_example(operation, name, inputs, span, assembly, context)
        return assembly.add(name, operation, inputs, span, named)


def _need_from(reader: syntax.Reference, scope: Scope) -> SpecError | Poisoned:
    """The error of a step without `from`, unless a bad input is the reason."""
    if None in scope.names.values():
        return Poisoned()
    return need_from(reader, scope.assembly.inputs)


def _only_input(scope: Scope) -> Ref | None:
    names = list(scope.names)
    return scope.names[names[0]] if len(names) == 1 else None


def _word(step: syntax.Step) -> str:
    return step.operation.replace("/", "_")


def _port_name(ref: Ref) -> str:
    return ref.port or ref.node.rsplit("/", 1)[-1]


def _layers_key(tree, context: Context) -> object:
    return (id(tree), context.environment.key, id(context.library), context.precision)


def _plain(value) -> object:
    return value.value if isinstance(value, Scalar) else None
