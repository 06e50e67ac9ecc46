"""Networks that predict the links of a graph, from their source to a trained run."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import graphc as gc
from graphc.cli.main import main
from graphc.core.span import Source
from graphc.core.types import ENDS
from graphc.data.load import load
from graphc.ops.sources import Karate, Links

CLUB = """graphc: 1
network:
  inputs: {features: [nodes, 34]}
  layers: [{graph_conv: {features: 8, activation: relu}}, {graph_conv: 4}, edge_score]
data: {links: karate}
train:
  loss: binary_cross_entropy
  metrics: [roc_auc, average_precision]
  optimizer: {adam: 5e-2}
  epochs: 30
"""
NODES = "name,one\nann,1\nbob,2\ncid,4\ndan,3\neve,1\nfay,0\n"
EDGES = "a,b\nann,bob\nbob,cid\ncid,dan\ndan,eve\neve,ann\nann,cid\n"


def batch():
    arrays = load(Links(of=Karate()), "").splits["train"]
    return {name: jnp.asarray(array) for name, array in arrays.items()}


def state_of(module, seed=0):
    return nnx.to_pure_dict(nnx.split(module.build(jax.random.key(seed)), nnx.Param, ...)[1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    model = gc.compile(Source("club.yaml", CLUB))
    return model.train(tmp_path_factory.mktemp("runs") / "club")


def test_links_of_a_club_are_learned(trained):
    found = trained.evaluate("train")
    assert found["roc_auc"] > 0.8 and found["average_precision"] > 0.8
    assert set(trained.result["test"]) == {"loss", "roc_auc", "average_precision"}


def test_a_run_asks_for_other_pairs_at_every_step_and_for_the_same_again():
    module = gc.compile(Source("club.yaml", CLUB)).module()
    params, data = state_of(module), batch()

    def scores(train, seed):
        found = module.forward(params, {}, data, train=train, key=jax.random.key(seed))[0]
        links = int(data["link"].sum())
        return np.asarray(found[0, :links]), np.asarray(found[0, links:])

    (linked, others), (same, again), (_, different) = (scores(True, seed) for seed in (1, 1, 2))
    assert (linked == same).all() and (others == again).all()
    assert not (others == different).all()
    assert (scores(False, 1)[1] == scores(False, 2)[1]).all()


def test_a_run_that_was_stopped_goes_on_with_the_same_pairs(tmp_path):
    model = gc.compile(Source("club.yaml", CLUB), ["train.epochs=4"])
    whole = model.train(tmp_path / "whole").weights()
    first = gc.compile(Source("club.yaml", CLUB), ["train.epochs=2"])
    first.train(tmp_path / "parts")
    parts = model.train(tmp_path / "parts", resume=True).weights()
    assert all((whole[path] == parts[path]).all() for path in whole)


def test_pairs_that_pad_a_split_count_nowhere():
    module = gc.compile(Source("club.yaml", CLUB)).module()
    test = load(Links(of=Karate()), "").splits["test"]
    data = {name: jnp.asarray(array) for name, array in test.items()}
    (count,) = test["pairs:length"]
    cut = data | {name: data[name][:, :count] for name in ("link", ENDS, "pairs:drawn")}
    for totals in (
        module.evaluate_step({"params": state_of(module), "statistics": {}}, each)
        for each in (data, cut)
    ):
        assert totals["count"] == count == 16
        found = module.means(totals)
    assert 0 <= found["roc_auc"] <= 1


def test_what_couples_nodes_takes_no_notice_of_how_many_pairs_there_are():
    text = CLUB.replace("edge_score]", "batch_norm, dropout: 0.5, edge_score: {method: mlp}]")
    text = text.replace(
        "dropout: 0.5, edge_score: {method: mlp}", "{dropout: 0.5}, {edge_score: mlp}"
    )
    module = gc.compile(Source("club.yaml", text)).module()
    params, data = state_of(module), batch()
    statistics = nnx.to_pure_dict(nnx.state(module.build(jax.random.key(0)), nnx.BatchStat))
    found = [
        module.forward(params, statistics, each, train=True, key=jax.random.key(0))
        for each in (data, data | {"pairs:length": jnp.array([5])})
    ]
    for one, other in zip(*map(jax.tree.leaves, found), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_pairs_are_handed_down_to_blocks():
    text = (
        CLUB.replace("edge_score]", "{decoder: {}}]")
        + """blocks:
  decoder: {layers: [{dense: 4}, {edge_score: bilinear}]}
"""
    )
    module = gc.compile(Source("club.yaml", text)).module()
    found, _ = module.forward(state_of(module), {}, batch(), train=True, key=jax.random.key(0))
    assert found.shape == (1, 132)


def test_a_run_scores_pairs_of_its_own_graph_and_of_another(trained):
    pairs = np.array([[0, 1], [33, 2], [5, 9]])
    (own,) = trained.predict({"pairs": pairs})
    arrays = trained.dataset().splits["train"]
    edges = np.stack([arrays["edges:senders"], arrays["edges:receivers"]], axis=1)
    x = np.eye(34, dtype=np.float32)[None]
    (given,) = trained.predict({"features": x, "edges": edges[0], "pairs": pairs[::-1, ::-1]})
    np.testing.assert_allclose(own, given[::-1], rtol=1e-5)
    few = trained.predict({"features": x[:, :4], "edges": [[0, 1], [2, 3]], "pairs": [[0, 3]]})
    assert few.shape == (1, 1)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (None, "pairs of nodes to score are missing"),
        ([[0, 34]], "names the node 34, and there are 34"),
        ([[-1, 3]], "names the node -1"),
        ([[3, 3]], "holds the node 3 with itself"),
        ([[0, 1, 2]], r"is [1, pairs, 2] of integers"),
        ([[0.5, 1]], r"is [1, pairs, 2] of integers"),
    ],
)
def test_pairs_that_cannot_be_are_told(trained, pairs, words):
    given = {"features": np.eye(34)[None], "edges": [[0], [1]]}
    with pytest.raises(gc.RunError, match="GC614") as caught:
        trained.predict(given if pairs is None else {**given, "pairs": pairs})
    assert words in caught.value.diagnostics[0].message


@pytest.fixture(scope="module")
def friends(tmp_path_factory):
    """A folder with a run that learnt the links of a graph in files."""
    folder = tmp_path_factory.mktemp("friends")
    (folder / "nodes.csv").write_text(NODES)
    (folder / "edges.csv").write_text(EDGES)
    (folder / "spec.yaml").write_text("""graphc: 1
network:
  inputs: {features: [nodes, 1]}
  layers: [{sage_conv: {features: 4, aggregate: pool}}, {edge_score: {method: mlp, hidden: 3}}]
data: {links: {of: {graph: {nodes: nodes.csv, edges: edges.csv}}, validation: 0, test: 1}}
train: {loss: binary_cross_entropy, epochs: 2}
""")
    spec, run = str(folder / "spec.yaml"), str(folder / "run")
    assert main(["train", spec, "--run", run, "--no-cache", "--quiet"]) == 0
    return folder


@pytest.fixture
def predicted(friends, capsys):
    def predict(text, *options):
        (friends / "asked.csv").write_text(text)
        status = main(["predict", str(friends / "run"), str(friends / "asked.csv"), *options])
        out, err = capsys.readouterr()
        return status, out, err

    return predict


def test_a_table_of_pairs_is_answered_with_their_scores(predicted, friends):
    status, out, _ = predicted("who,whom,since\nann,fay,2001\nbob,eve,1999\n", "--format", "csv")
    header, *rows = out.splitlines()
    assert status == 0 and header == "who,whom,score"
    assert [row.split(",")[:2] for row in rows] == [["ann", "fay"], ["bob", "eve"]]
    (scores,) = gc.load_run(friends / "run").predict({"pairs": [[0, 5], [1, 4]]})
    np.testing.assert_allclose([float(row.split(",")[2]) for row in rows], scores, rtol=1e-5)
    found = json.loads(predicted("a,b\nann,fay\n")[1])
    assert found[0].keys() == {"a", "b", "score"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\nann,fy\n", "line 2 names the node `fy`, which the graph lacks"),
        ("a\nann\n", "has one column, and a pair is two nodes"),
        ("a,b\nann,ann\n", "holds the node 0 with itself"),
    ],
)
def test_a_table_that_cannot_be_scored_is_told(predicted, text, words):
    status, _, err = predicted(text)
    assert status == 1 and "GC614" in err and words in err


def test_nodes_without_names_are_numbers(trained, tmp_path, capsys):
    (tmp_path / "asked.csv").write_text("u,v\n0,33\n1,x\n")
    assert main(["predict", str(trained.path), str(tmp_path / "asked.csv")]) == 1
    assert "the nodes have numbers, counted from 0" in capsys.readouterr().err


def test_the_report_has_the_pairs_that_are_most_wrong(trained):
    assert "pair" in (trained.path / "report.html").read_text()


def test_an_exported_program_scores_pairs(trained):
    from jax import export

    program = export.deserialize(bytearray(trained.export(batch_size=1)))
    arrays = trained.dataset().splits["test"]
    found = program.call({name: arrays[name] for name in ("features", *_BESIDE)})
    expected = trained.predict({"pairs": arrays[ENDS][0]})
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


_BESIDE = ("edges:senders", "edges:receivers", ENDS)
