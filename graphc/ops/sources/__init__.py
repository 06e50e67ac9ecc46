"""Where data comes from: declarations without the loading, which lives in `graphc.data`.

`graphc check` asks for the fields, so nothing here imports numpy until an npz file is read. A
module is imported when one of its names is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphc.ops.sources.base import ArraySource as ArraySource
    from graphc.ops.sources.base import DataSource as DataSource
    from graphc.ops.sources.base import Undivided as Undivided
    from graphc.ops.sources.bundled import BreastCancer as BreastCancer
    from graphc.ops.sources.bundled import Bundled as Bundled
    from graphc.ops.sources.bundled import Diabetes as Diabetes
    from graphc.ops.sources.bundled import Digits as Digits
    from graphc.ops.sources.bundled import Iris as Iris
    from graphc.ops.sources.bundled import Wine as Wine
    from graphc.ops.sources.citations import Citations as Citations
    from graphc.ops.sources.citations import Citeseer as Citeseer
    from graphc.ops.sources.citations import Cora as Cora
    from graphc.ops.sources.citations import Pubmed as Pubmed
    from graphc.ops.sources.columns import MEASURED as MEASURED
    from graphc.ops.sources.columns import Columns as Columns
    from graphc.ops.sources.files import FileSource as FileSource
    from graphc.ops.sources.generated import DIRECTIONS as DIRECTIONS
    from graphc.ops.sources.generated import SIGNALS as SIGNALS
    from graphc.ops.sources.generated import DigitScenes as DigitScenes
    from graphc.ops.sources.generated import MovingDigits as MovingDigits
    from graphc.ops.sources.generated import Signals as Signals
    from graphc.ops.sources.graph_files import GraphFiles as GraphFiles
    from graphc.ops.sources.graph_npz import GraphNpz as GraphNpz
    from graphc.ops.sources.graphs import GraphSource as GraphSource
    from graphc.ops.sources.graphs import Karate as Karate
    from graphc.ops.sources.graphs import LesMiserables as LesMiserables
    from graphc.ops.sources.graphs_npz import GraphsNpz as GraphsNpz
    from graphc.ops.sources.image_folder import ImageFolder as ImageFolder
    from graphc.ops.sources.links import Links as Links
    from graphc.ops.sources.npz import Npz as Npz
    from graphc.ops.sources.omniglot import RUNS as RUNS
    from graphc.ops.sources.omniglot import WAYS as WAYS
    from graphc.ops.sources.omniglot import Omniglot as Omniglot
    from graphc.ops.sources.photos import Photos as Photos
    from graphc.ops.sources.published import CaliforniaHousing as CaliforniaHousing
    from graphc.ops.sources.published import Cifar10 as Cifar10
    from graphc.ops.sources.published import Cifar10Jpeg as Cifar10Jpeg
    from graphc.ops.sources.published import Cifar10Subset as Cifar10Subset
    from graphc.ops.sources.published import Downloaded as Downloaded
    from graphc.ops.sources.published import FashionMnist as FashionMnist
    from graphc.ops.sources.published import Mnist as Mnist
    from graphc.ops.sources.published import Stored as Stored
    from graphc.ops.sources.published import Usps as Usps
    from graphc.ops.sources.sentences import Wnut17 as Wnut17
    from graphc.ops.sources.sequence_tasks import AddingProblem as AddingProblem
    from graphc.ops.sources.sequence_tasks import Copying as Copying
    from graphc.ops.sources.sequence_tasks import Reversal as Reversal
    from graphc.ops.sources.series import SeriesSource as SeriesSource
    from graphc.ops.sources.series import Traffic as Traffic
    from graphc.ops.sources.series_files import SeriesFiles as SeriesFiles
    from graphc.ops.sources.several_graphs import RandomGraphs as RandomGraphs
    from graphc.ops.sources.table import Csv as Csv
    from graphc.ops.sources.table import Parquet as Parquet
    from graphc.ops.sources.table import TableSource as TableSource
    from graphc.ops.sources.text import HelpTopics as HelpTopics
    from graphc.ops.sources.text import Multi30k as Multi30k
    from graphc.ops.sources.text import PlainText as PlainText
    from graphc.ops.sources.text import Shakespeare as Shakespeare
    from graphc.ops.sources.text import TextSource as TextSource
    from graphc.ops.sources.user_code import PythonData as PythonData
    from graphc.ops.sources.words import Cbow as Cbow
    from graphc.ops.sources.words import Ngrams as Ngrams
    from graphc.ops.sources.words import Skipgram as Skipgram
    from graphc.ops.sources.words import WordSource as WordSource

_DECLARED = {
    "base": "ArraySource DataSource Undivided",
    "bundled": "BreastCancer Bundled Diabetes Digits Iris Wine",
    "citations": "Citations Citeseer Cora Pubmed",
    "columns": "MEASURED Columns",
    "files": "FileSource",
    "generated": "DIRECTIONS SIGNALS DigitScenes MovingDigits Signals",
    "graph_files": "GraphFiles",
    "graphs_npz": "GraphsNpz",
    "graph_npz": "GraphNpz",
    "graphs": "GraphSource Karate LesMiserables",
    "image_folder": "ImageFolder",
    "links": "Links",
    "npz": "Npz",
    "photos": "Photos",
    "omniglot": "RUNS WAYS Omniglot",
    "published": """
        CaliforniaHousing Cifar10 Cifar10Jpeg Cifar10Subset Downloaded FashionMnist Mnist Stored
        Usps
    """,
    "sentences": "Wnut17",
    "sequence_tasks": "AddingProblem Copying Reversal",
    "series": "SeriesSource Traffic",
    "series_files": "SeriesFiles",
    "several_graphs": "RandomGraphs",
    "table": "Csv Parquet TableSource",
    "text": "HelpTopics Multi30k PlainText Shakespeare TextSource",
    "user_code": "PythonData",
    "words": "Cbow Ngrams Skipgram WordSource",
}
_PLACES = {name: module for module, names in _DECLARED.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"there is no `{name}` in {__name__}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
