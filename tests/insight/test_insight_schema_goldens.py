"""What the schema sees of the bad specs in tests/errors: each mistake of some codes, by line."""

import re
from pathlib import Path

import jsonschema
import pytest

from graphc.checker import check
from graphc.core.diagnostic import SpecError
from graphc.core.tree import Mapping, plain
from graphc.insight.schema import spec_schema
from graphc.spec.reader import read_file

GOLDENS = Path(__file__).parents[1] / "errors"
VALIDATOR = jsonschema.Draft7Validator(spec_schema())
MARK = re.compile(r"#~((?: GC\d{3})+)\s*$")
SEEN = {
    # form: steps, chains, references, names, keys, sections
    *("GC206", "GC207", "GC208", "GC218", "GC221", "GC225", "GC226"),
    *("GC301", "GC302", "GC303", "GC306", "GC411"),
    # attributes: unknown, of another kind, missing
    *("GC202", "GC205", "GC210", "GC212"),
    # words of registries
    *("GC401", "GC402", "GC403", "GC501"),
}
"""The codes of mistakes that a schema can see."""
UNSEEN = {
    "attributes_over_time": "attributes that are right one by one",
    "attributes_that_contradict": "attributes that are right one by one",
    "draws": "attributes that are right one by one",
    "objectives_and_loss": "attributes of the other form",
    "train_losses_and_metrics_of_outputs": "attributes that are right one by one",
    "objectives_form": "attributes of the other form",
    "objectives_keys": "numbers in the wrong order",
    "objectives_numbers": "attributes in a formula, which is a text",
    "objectives_without_data": "the mark is on `train`",
    "objectives_until": "a number that another bounds",
    "networks_keys": "attributes that are right one by one",
    "data_folds": "a number that another bounds",
    "data_omniglot_too_large": "an integer that is too large",
    "data_graph_attributes": "how many words a list holds",
    "attributes_of_graph_pooling": "attributes that are right one by one",
    "data_graphs_npz_arrays": "an array that is named twice",
    "data_graphs_sizes": "a number that another bounds",
    "data_series_attributes": "how many words a list holds",
    "train_on_one_graph": "what the data is",
    "data_graph_without_target": "that links need none",
    "data_links_of_no_graph": "which sources are graphs",
    "edge_score_that_contradicts": "attributes that are right one by one",
    "data_python_nodes": "axes that are no steps",
    "time_attributes": "attributes that are right one by one",
    "time_initial": "what an initial value may be",
    "time_where_cells_find_none": "parameters of a block",
    "pieces_of_sequences": "attributes that are right one by one",
    "data_folds_and_validation": "attributes that are right one by one",
    "data_npz_lengths": "that one asks for the other",
    "data_lengths_by_axis": "attributes that are right one by one",
    "data_lengths_by_unknown_axis": "attributes that are right one by one",
    "data_reversal": "a number that another bounds",
    "data_python_lengths": "that one asks for sequences",
    "data_captions_without_a_vocabulary": "attributes that are right one by one",
    "data_group_and_split": "attributes that are right one by one",
    "train_ensemble_member": "a number that another bounds",
    "data_order_without_a_sequence": "attributes that are right one by one",
    "data_sentences": "attributes that are right one by one",
    "data_sequence_with_dropped_steps": "attributes that are right one by one",
    "data_words_folds": "attributes that are right one by one",
    "train_init_from_patterns": "two patterns that do not fit together",
    "samples_of_one_loss": "attributes that are right one by one",
    "formula_calls": "attributes in a formula, which is a text",
    "einsum_equations": "letters that do not fit together",
    "python_words_and_numbers": "words that mean something in Python, and infinity",
    "params_of_blocks": "parameters of the spec's own block",
    "params_arithmetic": "what arithmetic on parameters gives",
    "residual_shortcut_unknown": "a word that the block hands to an operation",
    "size_of_values_and_weights": "sizes that are too large",
    "repeat_misuse": "a list that `over` is given as a parameter",
    "use_misuse": "attributes in another file",
    "document_without_network": "a file of blocks, which others use",
    "train_without_data": "the mark is on `train`",
    "weight_starts_without_data": "the mark is on a node",
    "data_photos_size": "how many numbers a list holds",
    "train_batch_without_equal_parts": "numbers that do not fit together",
    "train_clip_without_bounds": "that one of two is needed",
    "train_groups": "an attribute that the optimiser lacks",
    "train_schedule_piecewise": "lists whose lengths do not fit together",
    "search_grid_with_trials": "attributes that are right one by one",
    "search_paths": "paths, which are texts",
    "search_values": "numbers in the wrong order",
    "search_values_that_do_not_compile": "what a trial makes of a value",
    "step_with_two_operations": "the mark is on the second operation",
}
"""Goldens with such a mistake that it cannot see, and what it is."""


def specs():
    """The goldens that are YAML and need no setting."""
    for path in sorted(GOLDENS.glob("*.yaml")):
        try:
            tree = read_file(str(path))
        except SpecError:
            continue
        if "# set:" not in tree.span.source.text:
            yield pytest.param(path, tree, id=path.stem)


SPECS = list(specs())


def leaves(error):
    """The errors behind one, which all alternatives report."""
    if not error.context:
        yield error
    for each in error.context:
        yield from leaves(each)


def lines(error, tree):
    """The lines that an error is about: of a key, of its value, and of keys that it refuses."""
    found = {tree.span.line}
    for word in error.absolute_path:
        key = tree.key(str(word)) if isinstance(tree, Mapping) else None
        tree = tree.get(str(word)) if isinstance(tree, Mapping) else tree.items[word]
        found = {tree.span.line, *([key.span.line] if key else [])}
    if isinstance(tree, Mapping):
        known = error.schema.get("properties", {})
        refused = error.validator == "additionalProperties"
        named = [key for key, _ in tree if key.text == error.instance]
        found |= {key.span.line for key, _ in tree if refused and key.text not in known}
        found |= {key.span.line for key in named}
    return found


@pytest.mark.parametrize("path, tree", SPECS)
def test_a_mistake_that_a_schema_can_see_is_seen_on_its_line(path, tree):
    found = set()
    for error in VALIDATOR.iter_errors(plain(tree)):
        found |= {line for each in leaves(error) for line in lines(each, tree)}
    missed = {
        (number, code)
        for number, line in enumerate(tree.span.source.text.split("\n"), 1)
        for code in (MARK.search(line) or [""])[0].split()
        if code in SEEN and number not in found
    }
    assert bool(missed) == (path.stem in UNSEEN), missed


@pytest.mark.parametrize("path, tree", SPECS)
def test_a_spec_with_warnings_alone_is_valid(path, tree, monkeypatch):
    monkeypatch.chdir(GOLDENS)
    try:
        check(path.name)
    except SpecError:
        return
    assert VALIDATOR.is_valid(plain(tree))
