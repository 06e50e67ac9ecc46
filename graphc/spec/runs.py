"""A network of a finished run: what it computes, as its spec says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from graphc.build.library import Network
from graphc.core.diagnostic import Diagnostic, SpecError, listing, similar
from graphc.core.span import Source, Span
from graphc.ops.networks import Role

if TYPE_CHECKING:
    from graphc.spec.document import Document

Read = Callable[[Source], "Document"]


def kept_name(name: str) -> str:
    """The file in which a run keeps what a network of another run computes."""
    return f"from_run/{name}.yaml"


def network_of_run(name: str, role: Role, span: Span, source: Source, read: Read) -> Network:
    """The network that a spec takes from a run, under its name here.

    Args:
        span: where the spec says so.
        source: the spec; where it is that of a run, this keeps what it took.
        read: makes a document of a text.

    Raises:
        SpecError: GC651 where there is no such run, or no such network in it.
    """
    kept = _kept(name, source)
    if kept is not None:
        document = read(Source(str(kept), kept.read_text(), str(kept.parent)))
        return _taken(document, "", name, role, span)
    assert role.from_run is not None
    path = Path(source.folder) / Path(role.from_run.run).expanduser()
    document = read(_spec_of(path, span))
    own = _which(role.from_run.network, document.library.networks, path, span)
    return _taken(document, own, name, role, span)


def _kept(name: str, source: Source) -> Path | None:
    """Where the run, or one of several in a directory, keeps what the network computes."""
    folder = Path(source.kept) if source.kept is not None else None
    found = () if folder is None else (folder, *sorted(folder.glob("*/")))
    files = (each / kept_name(name) for each in found)
    return next((each for each in files if each.is_file()), None)


def _taken(document: Document, own: str, name: str, role: Role, span: Span) -> Network:
    """A network of another document, which calls none of the others there."""
    found = document.library.networks[own]
    library = replace(found.library, of_run=True)
    parameters = document.parameters if found.parameters is None else found.parameters
    return Network(name, found.section, span, library, role, parameters)


def _spec_of(path: Path, span: Span) -> Source:
    """The spec of a finished run, in the words that its directory has for it."""
    try:
        folder = json.loads((path / "model.json").read_text())["folder"]
        text = (path / "spec.yaml").read_bytes().decode()
    except (OSError, ValueError, KeyError, TypeError):
        what = "is no run of graphc" if path.is_dir() else "is no directory"
        help = "name the directory that `graphc train` wrote, from the folder of the spec"
        raise _wrong(f"`{path}` {what}", span, help) from None
    if not (path / "result.json").is_file():
        help = f"finish it: `graphc train ... --run {path} --resume`"
        raise _wrong(f"the run in `{path}` is not finished", span, help)
    return Source(str(path / "spec.yaml"), text, folder, str(path))


def _which(name: str | None, known: Iterable[str], path: Path, span: Span) -> str:
    """The name there of the network that is meant."""
    networks = list(known)
    if name is None and len(networks) == 1:
        return networks[0]
    if name is not None and name in networks:
        return name
    if networks == [""]:
        message = f"the run in `{path}` has one network, and none called `{name}`"
        raise _wrong(message, span, "leave `network` out")
    help = f"its networks are {listing(networks)}"
    if name is None:
        message = f"the run in `{path}` has several networks"
        help = f"say which, `{{run: ..., network: {networks[0]}}}`: {help}"
        raise _wrong(message, span, help)
    help = similar(name, networks, "network") or help
    raise _wrong(f"the run in `{path}` has no network `{name}`", span, help)


def _wrong(message: str, span: Span, help: str) -> SpecError:
    return SpecError(Diagnostic("GC651", message, span, help=help))
