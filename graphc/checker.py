"""From a text to a spec that was understood: document, graphs, plan; nothing is rewritten yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import graphc.ops  # noqa: F401  (fills the registries)
from graphc.build.expand import Expander
from graphc.build.inputs import NUMBERS, steps_axis
from graphc.build.training import TRAINING, TrainingGraph, training_graph
from graphc.build.user_code import NO_CODE, UserCode, user_code
from graphc.core.collection import without_collection
from graphc.core.diagnostic import Diagnostic, Report, SpecError
from graphc.core.operation import ShapeError
from graphc.core.span import Source, Span
from graphc.core.tree import Mapping as MappingTree
from graphc.core.types import Type, uneven_axes
from graphc.graph.graph import Graph
from graphc.graph.seeds import collisions
from graphc.graph.slope_checks import slope_complaints
from graphc.graph.stacking import longest, stackings
from graphc.ops.search import Search
from graphc.ops.sources import PythonData
from graphc.plan.make import make_plan, no_data
from graphc.plan.plan import Plan, Program
from graphc.plan.precisions import with_precisions
from graphc.plan.rematerialising import with_remat
from graphc.plan.rounds import make_round
from graphc.plan.schedules import check_lengths, epoch_steps
from graphc.plan.searching import check_search, in_trial, samples
from graphc.plan.starting import check_given
from graphc.plan.statistics import with_asides
from graphc.plan.terms import Fields
from graphc.plan.watching import no_validation
from graphc.plan.weighing import check_weighing
from graphc.spec.document import Document, document_of, read_document
from graphc.spec.trials import trial_document


@dataclass(frozen=True)
class Checked:
    """A spec whose every part was understood and fits.

    Args:
        document: what was read.
        networks: the graph of each network; a single one is called "".
        plan: how to train, if the spec says so.
        warnings: what is allowed and probably not meant.
        user_code: what runs that graphc did not write.
    """

    document: Document
    networks: Mapping[str, Graph]
    plan: Plan | None
    warnings: tuple[Diagnostic, ...]
    user_code: UserCode = NO_CODE

    @property
    def name(self) -> str:
        """The name of the spec: that of its file."""
        return Path(self.document.source.name).stem

    @property
    def players(self) -> tuple[str, ...]:
        """The networks that are trained on several objectives, if there are some."""
        several = self.plan is not None and self.plan.round is not None
        return tuple(name for name in self.networks if name != TRAINING) if several else ()

    @property
    def taken(self) -> dict[str, Graph]:
        """The networks that were taken from other runs."""
        networks = self.document.library.networks
        return {name: self.networks[name] for name, each in networks.items() if each.role.from_run}

    @property
    def own(self) -> dict[str, Graph]:
        """The others, and the graph of training."""
        return _own(self.document, self.networks)

    @property
    def objectives(self) -> tuple[str, ...]:
        """The names of the objectives, if there are some."""
        training = self.document.training
        return () if training is None else tuple(name for name, _ in training.objectives)

    @property
    def program(self) -> Program:
        """What there is to compile."""
        return Program(self.name, self.document.source.name, self.networks, self.plan)


@without_collection
def check(
    path: str | Source,
    settings: Iterable[str] = (),
    only_blocks: bool = False,
    python: bool | str = True,
) -> Checked:
    """Read a spec, expand it and infer every type.

    Args:
        path: the file, or a text as a Source.
        settings: `path=value` overrides.
        only_blocks: whether a file of blocks, without a network, will do.
        python: whether steps may run code of the user's, or the one folder that it is in.

    Raises:
        SpecError: with every problem that was found.
    """
    report = Report()
    settings = tuple(settings)
    read = document_of if isinstance(path, Source) else read_document
    document = read(path, settings, report, only_blocks)  # type: ignore[arg-type]
    checked = checked_of(document, report, python)
    if document.search is not None and not report.errors:
        _check_search(checked, document.search, report, python)
    report.stop()
    return replace(checked, warnings=tuple(report.warnings))


def checked_of(document: Document, report: Report, python: bool | str) -> Checked:
    """What a document says, expanded; problems go to the report."""
    fields = report.attempt(_fields, document, python)
    expander = _expanded(document, fields, report, python)
    made = _training(document, fields, expander)
    networks = expander.graphs() if made is None else {**expander.graphs(), TRAINING: made.graph}
    if document.training is not None and not report.errors:  # of what is not there no path matches
        training, place = document.training, document.place
        networks = with_precisions(networks, training.precision, TRAINING, place, report)
        networks = with_remat(networks, training.remat, TRAINING, place, report)
    for graph in networks.values():
        for first, second in collisions(graph):
            message = f"`{first.name}` and `{second.name}` would start with the same weights"
            help = "rename one of them: the hashes of these two names happen to be equal"
            report.error("GC311", message, second.span, help=help)
        found = (each.complaint() for each in stackings(graph))
        report.diagnostics += dict.fromkeys(each for each in found if each is not None)
        expander.take(slope_complaints(graph))
    _check_given(document, networks, fields, report)
    plan = None
    if document.training is not None and not report.errors:
        target = "" if fields is None else fields.target
        if made is None:
            plan = make_plan(
                networks, document.training, fields, document.place, report, expander.roles
            )
        else:
            names = {name: word for name, (word, _) in fields.names.items()} if fields else {}
            plan = make_round(
                networks,
                made,
                document.training,
                names,
                target,
                document.place,
                report,
                expander.roles,
            )
        resampled = getattr(document.data, "balance", False)
        check_weighing(document.training, plan, resampled, target, document.place, report)
        if document.training.early_stopping is not None and _lacks_validation(document):
            report.diagnostics.append(
                no_validation("early stopping", document.place("train", "early_stopping"))
            )
        if plan is not None:
            plan = replace(plan, longest=tuple(_longest(expander, networks, plan)))
            networks = with_asides(networks, plan) if plan.round is not None else networks
        steps = epoch_steps(document.training, training_examples(document))
        check_lengths(document.training, steps, document.place, report)
    code = user_code(expander.uses, report)
    return Checked(document, networks, plan, tuple(report.warnings), code)


def _training(
    document: Document, fields: Fields | None, expander: Expander
) -> TrainingGraph | None:
    """The graph of the values and objectives, if the spec has some and they are right."""
    training = document.training
    if training is None or not training.objectives:
        return None
    if fields is None:
        if document.tree.key("data") is None:
            expander.report.diagnostics.append(no_data(document.place("train")))
        return None
    place = document.place("train")
    return training_graph(expander, document.library, training, _by_both_names(fields), place)


def _by_both_names(fields: Fields) -> dict[str, Type]:
    """The fields of the data by their names there and by those that the spec has for them."""
    renamed = {name: word for name, (word, _) in fields.names.items() if word in fields.types}
    return dict(fields.types) | {name: fields.types[word] for name, word in renamed.items()}


def _check_given(
    document: Document, networks: Mapping[str, Graph], fields: Fields | None, report: Report
) -> None:
    """Report weights that cannot start as the spec says; a run has what its weights are."""
    wrong = fields is None and document.tree.key("data") is not None
    if not wrong and document.source.kept is None:
        known = None if fields is None else _by_both_names(fields)
        check_given(_own(document, networks), known, document.folder, document.place_after, report)


def _own(document: Document, networks: Mapping[str, Graph]) -> dict[str, Graph]:
    """The networks that were not taken from other runs, which have what their weights are."""
    roles = {name: each.role for name, each in document.library.networks.items()}
    of_runs = {name for name, role in roles.items() if role.from_run is not None}
    return {name: each for name, each in networks.items() if name not in of_runs}


def _longest(
    expander: Expander, networks: Mapping[str, Graph], plan: Plan
) -> Iterator[tuple[str, int, Span]]:
    """For fields of the data, how many steps they may have, and where that is said."""
    for name, field in plan.inputs:
        if (plan.network, name) in expander.longest:
            yield field, *expander.longest[plan.network, name]
    for field, most, node in longest(networks[plan.network], dict(plan.inputs)):
        yield field, most, node.span


def _check_search(checked: Checked, search: Search, report: Report, python: bool | str) -> None:
    """Report what keeps a search from being made, and values that no trial can have."""
    document = checked.document
    check_search(search, document.training, checked.plan, document.place, report)
    if report.errors:
        return
    seen = set()
    for values in samples(search):
        tried = Report()
        checked_of(trial_document(document, values, tried), tried, python)
        for each in tried.errors:
            if (each.code, each.span) not in seen:
                report.diagnostics.append(in_trial(each, search, values))
            seen.add((each.code, each.span))


def _expanded(
    document: Document, fields: Fields | None, report: Report, python: bool | str
) -> Expander:
    below = {}
    if fields is not None:
        names = {name: name for name in fields.types} | {
            name: field for name, (field, _) in fields.names.items()
        }
        kinds = {name: fields.types.get(field) for name, field in names.items()}
        below = {name: kind.below for name, kind in kinds.items() if kind and kind.below}
    wrong = fields is None and document.tree.key("data") is not None
    known = () if fields is None else fields.types.values()
    uneven = {axis.name for kind in known for axis in uneven_axes(kind)} | _bounded(document)
    expander = Expander(report, document.parameters, None if wrong else below, python, uneven)
    for network in document.library.networks.values():
        expander.attempt(expander.network, network)
    return expander


def _bounded(document: Document) -> set[str]:
    """The axes of inputs that say how long they are at most: they are of different length."""
    networks = document.library.networks.values()
    types = (each.written for network in networks for each in network.section.inputs or ())
    bounded = (each for each in types if isinstance(each, MappingTree) and each.key("at_most"))
    words = (steps_axis(each.get(kind)) for each in bounded for kind in NUMBERS)
    return {word for word in words if word is not None}


def _fields(document: Document, python: bool | str) -> Fields | None:
    source = document.data
    if source is None:
        return None
    if isinstance(source, PythonData) and python is False:
        message = f"`{source.definition}` is code beside the spec, which is refused here"
        help = "leave `--no-python` out where you trust that code"
        place = document.place_of(source.definition, "data")
        raise SpecError(Diagnostic("GC240", message, place, help=help))
    try:
        types = source.fields(document.folder)
        source.check_target(types[source.target])
    except ShapeError as error:
        place = document.place_of(error.word, "data")
        raise SpecError(Diagnostic(error.code, error.message, place, help=error.help)) from None
    names = {name: (word.text, word.span) for name, word in document.fields.items()}
    return Fields(types, source.target, names)


def _lacks_validation(document: Document) -> bool:
    """Whether the data is certain to have no validation split."""
    return document.data is not None and document.data.lacks_validation()


def training_examples(document: Document) -> int | None:
    """How many examples there are to train on, where the data says so before it is loaded."""
    if document.training is not None and document.training.neighbours is not None:
        return None  # they are nodes
    return None if document.data is None else document.data.training_examples()
