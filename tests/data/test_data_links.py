"""Links as data: what is held out, what is asked for, and along what values go."""

import numpy as np
import pytest

from graphc.core.diagnostic import SpecError
from graphc.core.registry import sources
from graphc.core.span import nowhere as no_place
from graphc.core.tree import from_plain
from graphc.core.types import DRAWN, ENDS, RECEIVERS, SENDERS
from graphc.data.dataset import Form
from graphc.data.graphs import load_karate
from graphc.data.links import Unlinked, asked_in
from graphc.data.load import load
from graphc.data.summary import as_text, summary
from graphc.ops.sources import GraphFiles, Iris, Karate, Links

NODES = "name,age\nann,31\nbob,40\ncid,25\ndan,19\neve,50\nfay,6\n"
EDGES = "a,b\nann,bob\nbob,cid\ncid,dan\ndan,eve\neve,ann\n"


@pytest.fixture
def links(table):
    def load_it(edges=EDGES, directed=False, **attributes):
        table(NODES, "nodes.csv")
        folder = table(edges, "edges.csv")
        graph = GraphFiles(nodes="nodes.csv", edges="edges.csv", directed=directed)
        return load(Links(of=graph, **{"validation": 1, "test": 1, **attributes}), folder)

    return load_it


def asked(arrays):
    """The pairs that a split asks for: those that are links, and the others."""
    found = asked_in(arrays)
    pairs = [tuple(pair) for pair in found[ENDS].tolist()]
    split = int(found["link"].sum())
    assert found["link"].tolist() == [1] * split + [0] * (len(pairs) - split)
    return pairs[:split], pairs[split:]


def edges(arrays):
    return set(zip(arrays[SENDERS][0].tolist(), arrays[RECEIVERS][0].tolist(), strict=True))


def club():
    return {(u, v) for u, v in edges(load_karate(Karate(), "").splits["train"]) if u < v}


def test_every_edge_is_asked_for_in_one_split():
    splits = load(Links(of=Karate(), test=0.2, validation=10), "").splits
    held = {name: asked(arrays)[0] for name, arrays in splits.items()}
    assert {name: len(each) for name, each in held.items()} == {
        "train": 52,
        "validation": 10,
        "test": 16,
    }
    assert sorted(pair for each in held.values() for pair in each) == sorted(club())


def test_as_many_pairs_that_no_edge_joins_are_asked_for_once_each():
    splits = load(Links(of=Karate()), "").splits
    others = asked(splits["validation"])[1] + asked(splits["test"])[1]
    assert len(others) == len(set(others)) == 12
    assert not set(others) & club() and all(u < v for u, v in others)


def test_values_go_along_the_edges_to_learn_from_in_every_split():
    splits = load(Links(of=Karate()), "").splits
    known = asked(splits["train"])[0]
    for arrays in splits.values():
        assert edges(arrays) == {*known, *((v, u) for u, v in known)}
        assert arrays[SENDERS] is splits["train"][SENDERS]
        assert (np.diff(arrays[RECEIVERS][0]) >= 0).all()


def test_training_draws_what_is_no_link_and_no_other_split_does():
    splits = load(Links(of=Karate(), negatives=3), "").splits
    linked, others = asked(splits["train"])
    assert len(others) == 3 * len(linked) and not set(others) & set(linked)
    assert (splits["train"][DRAWN][0] == (np.arange(4 * len(linked)) >= len(linked))).all()
    assert not splits["test"][DRAWN].any()
    assert linked == sorted(linked)


def test_the_seed_of_the_splits_draws_them():
    first, again, other = (
        asked(load(Links(of=Karate(), split_seed=seed), "").splits["test"]) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_a_part_may_be_left_out():
    splits = load(Links(of=Karate(), validation=0, test=0), "").splits
    assert list(splits) == ["train"] and len(asked(splits["train"])[0]) == 78


def test_files_need_no_target(links):
    dataset = links()
    assert dataset.inputs.keys() == {"features"}
    assert dataset.splits["train"]["features"].tolist() == [[[31], [40], [25], [19], [50], [6]]]
    assert dataset.class_names == ("none", "link") and dataset.class_counts == [3, 3]


def test_links_of_directed_edges_lead_one_way(links):
    splits = links(edges=f"{EDGES}bob,ann\n", directed=True, split_seed=2).splits
    every = [pair for arrays in splits.values() for pair in asked(arrays)[0]]
    assert sorted(every) == [(0, 1), (1, 0), (1, 2), (2, 3), (3, 4), (4, 0)]
    train = splits["train"]
    assert edges(train) == set(asked(train)[0])
    assert not set(asked(splits["test"])[1] + asked(splits["validation"])[1]) & set(every)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("density", [0.0, 0.3, 0.8])
def test_what_is_not_linked_is_counted_out(directed, density):
    draw = np.random.default_rng(0)
    every = [(u, v) for u in range(7) for v in range(7) if (u != v if directed else u < v)]
    kept = [pair for pair in every if draw.random() < density]
    apart = Unlinked(np.array(kept, np.int64).reshape(-1, 2), 7, directed)
    rest = sorted(set(every) - set(kept))
    assert apart.count == len(rest)
    found = apart.different(draw, len(rest)).tolist()
    assert sorted(map(tuple, found)) == rest
    assert set(map(tuple, apart.any(draw, 50).tolist())) <= set(rest)


def test_too_few_pairs_that_are_not_linked_are_told(links, problem):
    names = ("ann", "bob", "cid", "dan", "eve", "fay")
    every = [f"{u},{v}" for i, u in enumerate(names) for v in names[:i]]
    with problem("GC517") as found:
        links(edges="\n".join(["a,b", *every[1:]]) + "\n")
    assert "2 pairs of nodes that no edge joins are needed, and the graph has 1" in found[0].message


def test_no_edge_left_to_learn_from_is_told(links, problem):
    with problem("GC518") as found:
        links(validation=2, test=3)
    assert "no edge is left to learn from: of 5, 3 are held out" in found[0].message


def test_what_is_no_graph_has_no_links():
    with pytest.raises(SpecError, match="`links` are those of a graph, and `iris` is none"):
        sources["links"].read(from_plain("iris", no_place()), no_place())
    assert Links(of=Iris()).complaint() and Links(of=Links(of=Karate())).complaint()


@pytest.mark.parametrize("value", ["cora", {"of": "karate", "test": 0.2, "negatives": 2}])
def test_what_is_written_reads_as_the_same(value):
    source = sources["links"].read(from_plain(value, no_place()), no_place())
    assert source.write() == value
    assert sources["links"].read(from_plain(source.write(), no_place()), no_place()) == source


def test_a_form_is_kept_and_read_again():
    dataset = load(Links(of=Karate()), "")
    again = Form.from_dict(dataset.as_dict())
    assert again.fields == dataset.fields and again.target == "link"


def test_a_summary_says_what_is_asked_for():
    source = Links(of=Karate())
    text = as_text(summary(source, load(source, "")))
    assert "links of a graph of 34 nodes" in text
    assert "train 66 and 66, validation 4 and 4, test 8 and 8" in text
    assert "132, one for each direction" in text and "pairs:" not in text
