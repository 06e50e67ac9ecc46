"""What was measured for one spec on one machine: a file beside the spec.

`graphc tune digits.yaml` writes `digits.tuned.yaml`, and compilations of `digits.yaml` choose forms
by it on the same machine, as long as the networks are the same.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

from graphc.core.attributes import Nested, Text
from graphc.core.declaration import Declaration, attribute
from graphc.core.forms import FORMS, Forms
from graphc.core.span import Source
from graphc.core.tree import Mapping
from graphc.graph.fingerprint import fingerprint
from graphc.graph.graph import Graph
from graphc.spec.document import Document
from graphc.spec.files import read_source
from graphc.spec.reader import read

Networks = MappingOf[str, Graph]
_ENDING = ".tuned.yaml"


@dataclass(frozen=True)
class _File(Declaration):
    """What such a file says."""

    name = "tuned"

    device: str = attribute(Text(tuple(FORMS)), "the device")
    machine: str = attribute(Text(), "the processor, and how many cores it has")
    network: str = attribute(Text(), "which networks these are")
    forms: Forms = attribute(Nested(Forms), "what was found to be faster")


@dataclass(frozen=True)
class Tuned:
    """What a file of measurements says.

    Args:
        path: of the file.
        chosen: by the names of attributes of `Forms`, what differs from the device's table.
        unused: why nothing of it is used, if that is so.
    """

    path: str
    chosen: dict[str, object]
    unused: str | None = None

    def forms(self, device: str) -> Forms:
        """The device's table with what was chosen."""
        return FORMS[device] if self.unused else replace(FORMS[device], **self.chosen)  # type: ignore[arg-type]


def read_tuned(document: Document, networks: Networks, device: str) -> Tuned | None:
    """What was measured for a spec, if that was done.

    Raises:
        SpecError: where the file is there and cannot be understood.
    """
    path = tuned_path(document.source)
    if path is None or not path.is_file():
        return None
    tree = read(read_source(str(path)))
    said = _File.read(tree, tree.span)
    forms = tree.get("forms") if isinstance(tree, Mapping) else None
    given = {key.text for key, _ in forms} if isinstance(forms, Mapping) else set()
    chosen = {name: getattr(said.forms, name) for name in sorted(given)}
    return Tuned(str(path), chosen, _unused(said, device, _fingerprint(document, networks)))


def _unused(said: _File, device: str, network: str) -> str | None:
    if said.device != device:
        return f"it was measured on a {said.device}"
    if device == "cpu" and said.machine != this_machine():
        return f"it was measured on another machine, {said.machine}"
    if said.network != network:
        return "the networks have changed since"
    return None


def _fingerprint(document: Document, networks: Networks) -> str:
    """Of the networks, and of the batches that something was measured for."""
    training = document.training
    return fingerprint(networks, None if training is None else training.batch_size)


def write_tuned(document: Document, networks: Networks, device: str, forms: Forms) -> str:
    """The text of the file that says by what forms a spec is fastest."""
    name, chosen = Path(document.source.name).name, differing(forms, device)
    lines = [
        f"# Measured by `graphc tune {name}`, and used where {name} is compiled on this machine.",
        f"device: {device}",
        f'machine: "{this_machine()}"',
        f"network: {_fingerprint(document, networks)}",
        "forms:" if chosen else "forms: {}",
        *(f"  {word}: {_written(value)}" for word, value in chosen.items()),
    ]
    return "\n".join(lines) + "\n"


def differing(forms: Forms, device: str) -> dict[str, object]:
    """The attributes in which these forms differ from the device's table."""
    table = FORMS[device]
    names = [each.name for each in Forms.attributes()]
    return {
        each.name: getattr(forms, each.name)
        for each in fields(Forms)
        if each.name in names and getattr(forms, each.name) != getattr(table, each.name)
    }


def tuned_path(source: Source) -> Path | None:
    """Where the file of a spec is; None for a text that is no file, and for that of a run."""
    path = Path(source.name)
    if source.kept is not None or path.suffix not in (".yaml", ".yml") or not path.is_file():
        return None
    return path.with_name(path.stem + _ENDING)


@cache
def this_machine() -> str:
    """The processor, and how many cores it has."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        models = (line.partition(":")[2] for line in lines if line.startswith("model name"))
        name = next(models, "").strip()
    except OSError:
        name = ""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name or platform.processor() or platform.machine()}, {count} cores"


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
