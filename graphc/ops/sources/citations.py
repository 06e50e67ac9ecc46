"""Papers that cite one another, with the public splits of their sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Bool, Text
from graphc.core.declaration import attribute
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.graphs import GraphSource, fields_of_nodes


@dataclass(frozen=True, kw_only=True)
class Citations(GraphSource):
    """The base of sets of papers, which are files.

    Attributes:
        folder: the name of the folder that holds the files of all of them.
        words: how many numbers there are about a paper.
        kinds: how many classes there are.
        filled: how many of the numbers are not 0, as a share.
    """

    folder: ClassVar[str] = "planetoid"
    words: ClassVar[int]
    kinds: ClassVar[int]
    filled: ClassVar[float]

    normalize: str = attribute(
        Text(("rows", "none")),
        "`rows`: the words of a paper add up to 1; `none`: they are as the files have them",
        "rows",
    )
    data_dir: str | None = attribute(Text(), "a folder to look in first", None)
    download: bool = attribute(Bool(), "whether a set that is not there is downloaded", True)

    @property
    def published(self) -> str:
        """What its files are called among those that are known."""
        return f"{self.folder}/{self.name}"

    def may_download(self) -> bool:
        """Whether the files may be fetched from the network."""
        return self.download

    def fields(self, folder: str) -> Mapping[str, Type]:
        return fields_of_nodes(self.words, self.target, Type((), "int", self.kinds))

    def shares(self, folder: str) -> Mapping[str, float]:
        return {"features": self.filled}


@dataclass(frozen=True, kw_only=True)
class Cora(Citations):
    """Papers on machine learning: `features` [nodes, 1433], `label` below 7 at each node.

    2,708 papers of seven kinds, and the 5,278 pairs of them of which one cites the other. The
    features say which of 1,433 words a paper has. 140 labels are known, 20 of each kind, 500 papers
    are for the validation and 1,000 for the test.

    References: Sen et al., "Collective classification in network data", 2008; Yang, Cohen and
    Salakhutdinov, "Revisiting semi-supervised learning with graph embeddings", 2016 (the splits).
    """

    name = "cora"
    words = 1433
    kinds = 7
    filled = 49_216 / (2_708 * 1_433)


@dataclass(frozen=True, kw_only=True)
class Citeseer(Citations):
    """Papers on computer science: `features` [nodes, 3703], `label` below 6 at each node.

    3,327 papers of six kinds, and the 4,552 pairs of them of which one cites the other. The
    features say which of 3,703 words a paper has. 120 labels are known, 20 of each kind, 500 papers
    are for the validation and 1,000 for the test. Of 15 papers nothing is known: they have neither
    words nor edges, and count nowhere.

    References: as `cora`.
    """

    name = "citeseer"
    words = 3703
    kinds = 6
    filled = 105_165 / (3_327 * 3_703)


@dataclass(frozen=True, kw_only=True)
class Pubmed(Citations):
    """Papers on diabetes: `features` [nodes, 500], `label` below 3 at each node.

    19,717 papers of three kinds, and the 44,324 pairs of them of which one cites the other. The
    features are the frequencies of 500 words, weighted by how rare they are elsewhere (TF-IDF). 60
    labels are known, 20 of each kind, 500 papers are for the validation and 1,000 for the test.

    References: as `cora`; Namata, London, Getoor and Huang, "Query-driven active surveying for
    collective classification", 2012.
    """

    name = "pubmed"
    words = 500
    kinds = 3
    filled = 988_031 / (19_717 * 500)


sources.add(Cora, Citeseer, Pubmed)
