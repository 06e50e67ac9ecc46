"""All that a run starts from: other runs (`init_from`, `from_run`), and weights that are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from graphc.build.training import TRAINING
from graphc.checker import Checked
from graphc.core.diagnostic import Diagnostic, Note, RunError
from graphc.core.span import Span
from graphc.data.dataset import Dataset, Form
from graphc.data.scaling import Moments
from graphc.graph.weights import Entry, WeightMap
from graphc.ops.start import InitFrom
from graphc.runtime.given import Started, Starting, starting
from graphc.runtime.rundir import RunDirectory
from graphc.runtime.start import Inherited, Origin, inherit, put_arrays
from graphc.runtime.state import State, from_canonical, to_canonical

Warn = Callable[[Diagnostic], None]
_ALIKE = 0.05
"""How much of a deviation two measurements of the same quantity may be apart."""


@dataclass(frozen=True)
class Origins:
    """What a spec says of the weights to start from.

    Args:
        form: how the data of this run is prepared.
        whole: what `init_from` says, if it is there.
        networks: by name, the network of another run that it is.
        copies: by name, the network whose weights one starts with.
        given: by path, what a weight starts as.
    """

    form: Form
    whole: Origin | None = None
    networks: Mapping[str, Origin] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Starting] = field(default_factory=dict)

    @classmethod
    def of(cls, checked: Checked, dataset: Dataset) -> Origins | None:
        """Those of a spec; None where it starts from nothing."""
        document = checked.document
        training, whole = document.training, None
        if training is not None and training.init_from is not None:
            place = partial(document.place, "train", "init_from")
            whole = Origin(training.init_from, document.folder, place)
        networks = {
            name: _of_network(checked, name)
            for name, each in document.library.networks.items()
            if each.role.from_run is not None
        }
        followers = checked.plan.followers if checked.plan is not None else ()
        copies = {each.name: each.of for each in followers}
        start = starting(checked, dataset)
        some = whole or networks or start
        return cls(dataset, whole, networks, copies, start) if some else None


def _of_network(checked: Checked, name: str) -> Origin:
    document = checked.document
    wanted = document.library.networks[name].role.from_run
    assert wanted is not None
    there = f"{wanted.network}/*" if wanted.network is not None else "*"
    keys = ("networks", name) if name else ("network",)

    def place(*_: str) -> Span:
        return document.place(*keys, "from_run")

    return Origin(
        InitFrom(wanted.run, ((there, f"{name}/*" if name else "*"),)), document.folder, place
    )


@dataclass(frozen=True)
class Inheritance:
    """The weights that a run starts from.

    Attributes:
        whole: what `init_from` gives, if it is there.
        networks: what each network that is one of another run takes.
        copies: by name, the network whose weights one starts with.
        given: by path, what a weight starts as that is not drawn.
    """

    whole: Inherited | None
    networks: Mapping[str, Inherited]
    copies: Mapping[str, str]
    given: Mapping[str, Started]

    @classmethod
    def of(cls, origins: Origins, weights: WeightMap, warn: Warn) -> Inheritance:
        """Find the weights.

        Raises:
            RunError: as `inherit`, GC651 for a network that is another one in its run, and GC511 to
                GC519 for an image that cannot be read.
        """
        networks = {
            name: _whole_network(name, origin, weights, origins.form, warn)
            for name, origin in origins.networks.items()
            if _entries(name, weights)
        }
        whole = inherit(origins.whole, weights, warn) if origins.whole is not None else None
        given = {path: each.read() for path, each in origins.given.items()}
        if whole is not None:
            left = {path: why for path, why in whole.left.items() if path not in given}
            whole = replace(whole, left=left)
        return cls(whole, networks, origins.copies, given)

    def as_dict(self) -> dict[str, Any]:
        """What the run keeps of it, in `init_from.json`."""
        networks = {name: each.as_dict() for name, each in self.networks.items()}
        given = {path: each.source for path, each in self.given.items()}
        several = {"networks": networks, "given": given}
        return (self.whole.as_dict() if self.whole else {}) | {
            name: each for name, each in several.items() if each
        }

    def __str__(self) -> str:
        several = [f"`{name}` {each}" for name, each in self.networks.items()]
        own = f"{TRAINING}/"
        several += [
            f"`{path.removeprefix(own)}` starts as {each.source}"
            for path, each in self.given.items()
        ]
        return "\n".join([*([str(self.whole)] if self.whole else []), *several])

    def put_into(self, state: State, weights: WeightMap) -> State:
        """The state with these weights in place of its own; copies take theirs from it."""
        arrays = {path: each.array for path, each in self.given.items()}
        state = put_arrays(arrays, state, weights) if arrays else state
        for each in (self.whole, *self.networks.values()):
            state = state if each is None else each.put_into(state, weights)
        if not self.copies:
            return state
        found: dict[str, Any] = to_canonical(state, weights)
        for path in found:
            part, _, rest = path.partition("/")
            name, _, below = rest.partition("/")
            if part in ("params", "statistics") and name in self.copies:
                found[path] = found[f"{part}/{self.copies[name]}/{below}"]
        return from_canonical(found, state, weights)


def _whole_network(
    name: str, origin: Origin, weights: WeightMap, form: Form, warn: Warn
) -> Inherited:
    """All weights of a network out of the run that it is from."""
    try:
        found = inherit(origin, WeightMap(_entries(name, weights)), warn)
    except RunError as error:
        as_network = {"GC650": {"code": "GC651", "help": None}}
        problems = [replace(each, **as_network.get(each.code, {})) for each in error.diagnostics]
        raise RunError(problems) from error
    if found.left:
        path, reason = next(iter(found.left.items()))
        message = f"the network of the run in `{found.run}` is another one here"
        notes = (Note(f"`{path}`, {reason}"),)
        raise RunError(Diagnostic("GC651", message, origin.place(), notes))
    with RunDirectory.open(found.run) as run:
        there = run.form()
    for field_ in sorted(there.scaling.moments) if there is not None else ():
        assert there is not None
        if field_ in form.fields and not _alike(there, form, field_):
            message = f"`{field_}` was scaled otherwise for the run in `{found.run}`"
            help = f"`{name}` expects numbers as there: take the same data, or scale it likewise"
            warn(Diagnostic("GC652", message, origin.place(), help=help, severity="warning"))
    return replace(found, unused=())  # those of other networks there


def _entries(name: str, weights: WeightMap) -> tuple[Entry, ...]:
    """The weights of a network."""
    own = f"{name}/" if name else ""
    return tuple(each for each in weights.entries if each.path.startswith(own))


def _alike(there: Form, here: Form, name: str) -> bool:
    """Whether a field is scaled about as it was there."""
    one, other = there.scaling.moments[name], here.scaling.moments.get(name)
    return other is not None and _close(one, other)


def _close(one: Moments, other: Moments) -> bool:
    """Whether means and deviations are as near to each other as those of two samples."""
    if len(one.mean) != len(other.mean):
        return False
    means = np.abs(np.subtract(one.mean, other.mean))
    deviations = np.abs(np.subtract(one.deviation, other.deviation))
    largest = np.maximum(one.deviation, other.deviation)
    return bool(np.all(np.maximum(means, deviations) <= _ALIKE * largest))
