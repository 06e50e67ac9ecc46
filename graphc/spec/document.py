"""A spec file and what it uses, as definitions that can be expanded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from graphc.build.axes import read_axes, warn_of_unused
from graphc.build.library import Definition, Library, Network
from graphc.build.parameters import Environment, in_order_of_use, uses
from graphc.build.steps import (
    check_keys,
    check_name,
    fail,
    misspelt,
    not_yet,
    read_block,
    read_section,
)
from graphc.build.survey import survey
from graphc.core.attributes import Declared
from graphc.core.diagnostic import Diagnostic, Note, Report, SpecError, listing, similar
from graphc.core.registry import sources
from graphc.core.span import Source, Span
from graphc.core.tree import Mapping, Scalar, Tree, describe, scalars
from graphc.ops.networks import Role
from graphc.ops.search import Search
from graphc.ops.sources import DataSource
from graphc.ops.training import Training
from graphc.spec.bundled import bundled, names
from graphc.spec.files import read_source
from graphc.spec.overrides import override
from graphc.spec.reader import read
from graphc.spec.roles import Waiting, follow, read_role
from graphc.spec.runs import network_of_run

KEYS = (
    "graphc",
    "params",
    "use",
    "axes",
    "blocks",
    "network",
    "networks",
    "data",
    "train",
    "search",
)
VERSION = 1


@dataclass
class Document:
    """What a spec says.

    Args:
        source: its text and name.
        tree: the whole, after `--set`.
        library: its blocks and networks, and those it uses.
        parameters: the values of `params`.
        data: the data source.
        fields: for each network input, the field of the data, where the spec says so.
        training: the `train` section.
        search: the `search` section.
        files: every file it uses, by the path it is used under.
        libraries: the definitions of those files, by their names, so that each is read once.
    """

    source: Source
    tree: Mapping
    library: Library
    parameters: dict[str, Tree] = field(default_factory=dict)
    data: DataSource | None = None
    fields: dict[str, Scalar] = field(default_factory=dict)
    training: Training | None = None
    search: Search | None = None
    files: dict[str, Source] = field(default_factory=dict)
    libraries: dict[str, Library] = field(default_factory=dict)

    def place(self, *keys: str) -> Span:
        """Where a key stands, or a value in a list or alone, or the nearest key around it."""
        tree: Tree = self.tree
        span = tree.span
        for word in keys:
            if not isinstance(tree, Mapping):
                return next((each.span for each in scalars(tree) if each.text == word), span)
            key = tree.key(word)
            if key is None:
                break
            span = key.span
            tree = tree.get(word)  # type: ignore[union-attr, assignment]
        return span

    def place_of(self, word: str | None, *keys: str) -> Span:
        """Where `word` is a value under these keys, or else where the last of them stands."""
        tree: Tree | None = self.tree
        for key in keys:
            tree = tree.get(key) if isinstance(tree, Mapping) else None
        found = next((each.span for each in scalars(tree) if each.text == word), None)
        return found or self.place(*keys)

    def place_after(self, word: str | None, span: Span) -> Span:
        """Where `word` is a value for the first time from the start of `span` on, or `span`."""
        start = (span.line, span.column)
        found = (
            each.span
            for each in scalars(self.tree)
            if each.text == word and each.span.source is span.source
        )
        return next((each for each in found if (each.line, each.column) > start), span)

    @property
    def folder(self) -> str:
        """The folder that paths in the spec start from."""
        return self.source.folder


def read_document(
    path: str,
    settings: Iterable[str] = (),
    report: Report | None = None,
    only_blocks: bool = False,
) -> Document:
    """Read a spec file, apply `--set` and follow `use`; see `document_of`."""
    return document_of(read_source(path), settings, report, only_blocks)


def document_of(
    source: Source,
    settings: Iterable[str] = (),
    report: Report | None = None,
    only_blocks: bool = False,
) -> Document:
    """The document of a text; problems go to the report, or are raised where there is none.

    With `only_blocks`, a file of blocks for others to `use` needs no network.
    """
    own = report if report is not None else Report()
    tree = read(source)
    if not isinstance(tree, Mapping):
        help = "a spec starts with `graphc: 1` and `network:`"
        raise fail("GC301", f"a spec is a mapping of sections, found {describe(tree)}", tree, help)
    document = document_from(source, override(tree, tuple(settings), KEYS, own), own, only_blocks)
    if report is None:
        own.stop()
    return document


def document_from(
    source: Source, tree: Mapping, report: Report, only_blocks: bool = False
) -> Document:
    """The document of a tree that was read from a text; problems go to the report."""
    document = Document(source, tree, Library())
    _Reader(document, report).run(only_blocks)
    return document


class _Reader:
    """Fills a document from its tree."""

    def __init__(self, document: Document, report: Report, chain: tuple[str, ...] = ()) -> None:
        self.document, self.report, self.chain = document, report, chain
        self.tree = document.tree
        self.waiting: Waiting = {}

    def definitions(self, name: str = "") -> None:
        """Blocks and networks; `name` is what a single network is called."""
        self.report.attempt(check_keys, self.tree, KEYS, "a spec")
        self._version()
        self._section("axes", self._axes)
        self.single = name
        self._parameters()
        self._library()

    def run(self, only_blocks: bool) -> None:
        """The whole document."""
        self.definitions()
        unknown = [key.text for key, _ in self.tree if key.text not in KEYS]
        wanted = ("network", "networks")
        enough = (*wanted, "blocks") if only_blocks else wanted
        if not any(map(self.tree.key, enough)) and not misspelt(wanted, unknown):
            help = "write `network: {inputs: {x: [4]}, layers: [...]}`"
            first = self.tree.entries[0][0] if len(self.tree) else self.tree
            self.report.error("GC302", "this spec has no `network`", first.span, help=help)
        self._section("data", self._data)
        self._section("train", self._training)
        self._section("search", self._search)

    def _section(self, key: str, action) -> None:
        tree = self.tree.get(key)
        if tree is not None:
            self.report.attempt(action, tree)

    def _version(self) -> None:
        version = self.tree.get("graphc")
        if isinstance(version, Scalar) and version.value == VERSION:
            return
        if version is None:
            return
        message = f"this is graphc's language version {VERSION}, found {describe(version)}"
        self.report.error("GC303", message, version.span, help="write `graphc: 1`")

    def _parameters(self) -> None:
        tree = self.tree.get("params")
        if tree is None:
            return
        if not isinstance(tree, Mapping):
            what = f"`params` is a mapping of names to values, found {describe(tree)}"
            self.report.error("GC226", what, tree.span, help="write `params: {units: 64}`")
            return
        known = self.document.parameters
        for name in in_order_of_use({key.text: value for key, value in tree}):
            value = tree.get(name)
            known[name] = self.report.attempt(Environment(known).substitute, value, default=value)
        words = ("params", "network", "networks", "data", "train", "search")
        sections = [self.tree.get(each) for each in words]
        used = {name for each in sections if each is not None for name in uses(each)}
        _report_unused(tree, used, self.report)

    def _axes(self, tree: Tree) -> None:
        self.document.library.axes = read_axes(tree, self.report)
        if isinstance(tree, Mapping):
            words = ("blocks", "network", "networks")
            sections = (self.tree.get(each) for each in words)
            warn_of_unused(tree, (each for each in sections if each is not None), self.report)

    def _library(self) -> None:
        library = self.document.library
        _standard_blocks(library)
        self._section("use", self._use)
        self._section("blocks", self._blocks)
        for key in ("network", "networks"):
            self._section(key, self._networks)
        survey(library, self.document.parameters, self.report)

    def _blocks(self, tree: Tree) -> None:
        if not isinstance(tree, Mapping):
            help = "write `blocks: {NAME: {layers: [...]}}`"
            raise fail(
                "GC301", f"`blocks` is a mapping of names, found {describe(tree)}", tree, help
            )
        library = self.document.library
        for name, definition in tree:
            block = read_block(name, definition, self.report)
            if block is None:
                library.broken.add(name.text)
            else:
                library.blocks[name.text] = block
                self._check_block(definition)

    def _check_block(self, definition: Tree) -> None:
        if isinstance(definition, Mapping) and isinstance(
            parameters := definition.get("params"), Mapping
        ):
            used = {name for _, value in definition for name in uses(value)}
            _report_unused(parameters, used, self.report)

    def _networks(self, tree: Tree) -> None:
        library = self.document.library
        both = self.tree.get("network") is not None and self.tree.get("networks") is not None
        if both and tree is self.tree.get("networks"):
            key = self.tree.key("networks")
            help = "put all of them under `networks`"
            raise fail("GC302", "`network` and `networks` exclude each other", key, help)
        if tree is self.tree.get("network"):
            key = self.tree.key("network")
            self._network(self.single, tree, key.span)  # type: ignore[union-attr]
            follow(library, self.waiting, self.report)
            return
        if not isinstance(tree, Mapping) or not len(tree):
            help = "write `networks: {NAME: {inputs: {x: [4]}, layers: [...]}}`"
            found = "an empty one" if isinstance(tree, Mapping) else describe(tree)
            raise fail("GC302", f"`networks` is a mapping of names, found {found}", tree, help)
        for name, definition in tree:
            self.report.attempt(check_name, name)
            if name.text in library.blocks:
                message = f"`{name.text}` is a block already"
                self.report.error("GC222", message, name.span, help="choose another name")
            self._network(name.text, definition, name.span)
        follow(library, self.waiting, self.report)

    def _network(self, name: str, tree: Tree, span: Span) -> None:
        what = f"network `{name}`" if name else "`network`"
        library, environment = self.document.library, Environment(self.document.parameters)
        read = self.report.attempt(read_role, tree, environment, span)
        library.broken.add(name)
        if read is None:
            return
        role, body = read
        if role.of is not None:
            self.waiting[name] = role, tree, span
            return
        if role.from_run is not None:
            self._take(name, role, tree)
            return
        section = self.report.attempt(read_section, body, self.report, what, span)
        if section is not None:
            library.broken.discard(name)
            library.networks[name] = Network(name, section, span, library, role)

    def _take(self, name: str, role: Role, tree: Tree) -> None:
        """A network of another run."""
        library, source = self.document.library, self.document.source
        assert isinstance(tree, Mapping)
        key = tree.key("from_run")
        found = self.report.attempt(
            network_of_run, name, role, key.span if key else tree.span, source, document_of
        )
        if found is not None:
            library.broken.discard(name)
            library.networks[name] = found

    def _use(self, tree: Tree) -> None:
        if not isinstance(tree, Mapping):
            help = "write `use: {vision: ./blocks.yaml}`"
            raise fail("GC304", f"`use` is a mapping of names, found {describe(tree)}", tree, help)
        for name, path in tree:
            self.document.library.broken.add(name.text)
            self.report.attempt(check_name, name)
            self.report.attempt(self._use_one, name, path)

    def _use_one(self, name: Scalar, path: Tree) -> None:
        if not isinstance(path, Scalar) or not isinstance(path.value, str):
            help = "write `./FILE.yaml`, or `zoo/NAME`"
            raise fail("GC304", f"expected the path of a spec, found {describe(path)}", path, help)
        source = _open(path, self.document.source)
        if source.name in self.chain or source.name == self.document.source.name:
            trail = " -> ".join((*self.chain, self.document.source.name, source.name))
            raise fail("GC304", f"these files use each other in a circle: {trail}", path)
        tree = read(source)
        if not isinstance(tree, Mapping):
            raise fail("GC301", f"a spec is a mapping of sections, found {describe(tree)}", tree)
        shared = self.document.libraries
        if source.name not in shared:
            used = Document(source, tree, Library(), libraries=shared)
            inner = _Reader(used, self.report, (*self.chain, self.document.source.name))
            inner.definitions(name.text)
            shared[source.name] = used.library
            self.document.files[path.text] = source
        self.document.library.used[name.text] = shared[source.name]
        self.document.library.broken.discard(name.text)

    def _data(self, tree: Tree) -> None:
        environment = Environment(self.document.parameters)
        tree = environment.substitute(tree)
        if isinstance(tree, Mapping):
            fields, rest = tree.get("inputs"), [pair for pair in tree if pair[0].text != "inputs"]
            if fields is not None:
                self._fields(fields)
            if not rest:
                help = f"the sources are {listing(sources.names())}"
                raise fail("GC501", "`data` names no source", tree, help)
            if len(rest) > 1:
                self._several(rest)
            tree = Mapping(tuple(rest), tree.span)
        self.document.data = Declared(sources).read(tree)  # type: ignore[assignment]

    def _several(self, rest: list[tuple[Scalar, Tree]]) -> None:
        for key, _ in rest:
            if key.text not in sources:
                sources.find(key.text, key.span)
        raise not_yet("data of several sources", rest[1][0])

    def _fields(self, tree: Tree) -> None:
        if not isinstance(tree, Mapping):
            help = "write `inputs: {INPUT: FIELD}`"
            raise fail("GC226", f"`inputs` is a mapping, found {describe(tree)}", tree, help)
        for key, value in tree:
            if not isinstance(value, Scalar):
                message = f"expected the name of a field, found {describe(value)}"
                raise fail("GC226", message, value, f"write `{key.text}: FIELD`")
            self.document.fields[key.text] = value

    def _training(self, tree: Tree) -> None:
        if not isinstance(tree, Mapping):
            help = "write `train: {loss: cross_entropy, optimizer: {adam: 1e-3}, epochs: 10}`"
            raise fail("GC301", f"`train` is a mapping, found {describe(tree)}", tree, help)
        environment = Environment(self.document.parameters)
        span = self.document.place("train")
        read = environment.substitute(tree, leave=("values", "minimize", "maximize"))
        self.document.training = Training.read(read, span)

    def _search(self, tree: Tree) -> None:
        """Values to try stay as they are written: a trial puts in what its `$parameters` are."""
        if not isinstance(tree, Mapping):
            help = "write `search: {over: {train.optimizer.adam: {log: [1e-4, 1e-1]}}}`"
            raise fail("GC301", f"`search` is a mapping, found {describe(tree)}", tree, help)
        self.document.search = Search.read(tree, self.document.place("search"))


def _open(path: Scalar, source: Source) -> Source:
    """The file that `use` names: `zoo/NAME`, or a path below the folder of the file itself."""
    if path.text.startswith("zoo/"):
        found = bundled(path.text)
        if found is None:
            help = f"the zoo has {listing(names('zoo'))}"
            raise fail("GC304", f"there is no `{path.text}`", path, help)
        return found
    root = Path(source.folder).resolve()
    target = (root / path.text).resolve()
    if not target.is_relative_to(root):
        message = f"`{path.text}` lies outside the folder of the file that uses it"
        raise fail("GC304", message, path, "move it below that folder")
    try:
        found = read_source(str(Path(source.folder) / path.text))
    except SpecError as error:
        raise SpecError(_used_from(path.span, each) for each in error.diagnostics) from None
    return found


def _used_from(span: Span, problem: Diagnostic) -> Diagnostic:
    """A problem with a file, as the one that uses it sees it."""
    if not problem.located:
        return replace(problem, span=span)
    return replace(problem, notes=(*problem.notes, Note("the file is used", span)))


def _standard_blocks(library: Library) -> None:
    """The blocks that ship with graphc, each read when it is first named."""
    library.standard = standard_block
    library.standard_names = tuple(STANDARD)


STANDARD = {
    "residual": "residual",
    "highway": "highway",
    "elman": "elman",
    "elman_step": "elman",
    "jordan": "jordan",
    "lstm": "lstm",
    "lstm_step": "lstm",
    "lstm_peephole": "lstm_peephole",
    "gru": "gru",
    "gru_step": "gru",
    "gru_reset_after": "gru",
    "minimal_gated_unit": "minimal_gated_unit",
    "min_gru": "min_gru",
    "scrn": "scrn",
    "clockwork": "clockwork",
    "echo_state": "echo_state",
    "tgcn": "tgcn",
    "bidirectional": "bidirectional",
}
"""The blocks that ship with graphc, and the files that they stand in."""
_known: dict[str, Definition] = {}


def standard_block(name: str) -> Definition | None:
    """A block that ships with graphc."""
    if name not in STANDARD:
        return None
    if name not in _known:
        source = bundled(f"blocks/{STANDARD[name]}.yaml")
        if source is None:
            raise SpecError(Diagnostic("GC304", f"the standard block `{name}` is not installed"))
        tree = read(source)
        report, library = Report(), Library()
        assert isinstance(tree, Mapping)
        for key, definition in tree.get("blocks"):  # type: ignore[union-attr]
            library.blocks[key.text] = read_block(key, definition, report)  # type: ignore[assignment]
        report.stop()
        _known[name] = Definition(library.blocks[name], library)
    return _known[name]


def _report_unused(parameters: Mapping, used: set[str], report: Report) -> None:
    known = {key.text for key, _ in parameters}
    unknown = used - known
    for key, _ in parameters:
        if key.text not in used and not similar(key.text, unknown, "parameter"):
            message = f"the parameter `{key.text}` is not used"
            report.error(
                "GC215", message, key.span, help=f"write `${key.text}` somewhere, or drop it"
            )
