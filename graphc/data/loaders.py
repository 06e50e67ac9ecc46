"""What reads each source of data, imported when one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from graphc.core.diagnostic import InternalError


def _by_source(names: Mapping[str, str]) -> dict[str, str]:
    return {name: place for place, several in names.items() for name in several.split()}


LOADERS = _by_source(
    {
        "bundled.load_bundled": "breast_cancer diabetes digits iris wine",
        "cifar.load_cifar10": "cifar10",
        "cifar.load_cifar10_jpeg": "cifar10_jpeg",
        "cifar.load_cifar10_subset": "cifar10_subset",
        "graphs_npz.load_graphs_npz": "graphs_npz",
        "housing.load_california_housing": "california_housing",
        "image_folder.load_image_folder": "image_folder",
        "images.load_fashion_mnist": "fashion_mnist",
        "images.load_mnist": "mnist",
        "images.load_usps": "usps",
        "made_of_digits.load_digit_scenes": "digit_scenes",
        "made_of_digits.load_moving_digits": "moving_digits",
        "npz.load_npz": "npz",
        "omniglot.load_omniglot": "omniglot",
        "random_graphs.load_random_graphs": "graphs",
        "sentences.load_wnut17": "wnut17",
        "sequence_tasks.load_adding_problem": "adding_problem",
        "sequence_tasks.load_copying": "copying",
        "sequence_tasks.load_reversal": "reversal",
        "signals.load_signals": "signals",
        "tables.load_table": "csv parquet",
        "text.load_text": "help_topics multi30k shakespeare text",
        "user_code.load_python": "python",
        "words.load_words": "cbow ngrams skipgram",
    }
)
"""For each source what reads it: (source, folder) -> Examples.

A table takes the columns that a run kept, a text its symbols.
"""
WHOLE = _by_source(
    {
        "citations.load_citations": "citeseer cora pubmed",
        "graph_files.load_graph": "graph",
        "graph_npz.load_graph_npz": "graph_npz",
        "graphs.load_karate": "karate",
        "graphs.load_les_miserables": "les_miserables",
        "links.load_links": "links",
        "photos.load_photos": "photos",
    }
)
"""What reads graphs and pictures, whose splits are their own: (source, folder) -> Dataset."""
SERIES = _by_source({"series_files.load_series": "series", "traffic.load_traffic": "traffic"})
"""What reads series, of which examples are windows: (source, folder) -> Series."""


def loader(name: str) -> Callable:
    """What reads the source of this name."""
    place = (LOADERS | WHOLE | SERIES).get(name)
    if place is None:
        raise InternalError(f"the data source `{name}` is declared but has no loader")
    module, function = place.split(".")
    return getattr(import_module(f"{__package__}.{module}"), function)
