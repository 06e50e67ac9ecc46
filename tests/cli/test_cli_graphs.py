"""Graphs on the command line: drawn, and predicted on."""

import json
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pytest

import graphc as gc
from graphc.cli.predictions import read_inputs
from graphc.core.diagnostic import RunError
from graphc.ops.sources import Karate

SPEC = """graphc: 1
network:
  inputs: {features: [nodes, 1]}
  layers: [{graph_conv: {features: 2, normalize: none}}]
data: {graph: {nodes: nodes.csv, edges: edges.csv, target: kind, validation: 0, test: 0}}
train: {loss: cross_entropy, epochs: 1}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("graphs")
    rows = "".join(
        f"{name},{i},{kind}\n" for i, (name, kind) in enumerate(zip("abcd", "xyxy", strict=True))
    )
    (tmp_path / "nodes.csv").write_text(f"name,age,kind\n{rows}")
    (tmp_path / "edges.csv").write_text("from,to\na,b\nb,c\n")
    (tmp_path / "spec.yaml").write_text(SPEC)
    gc.compile(tmp_path / "spec.yaml").train(tmp_path / "run")
    return tmp_path


@pytest.fixture
def files(trained, monkeypatch):
    """A folder with a spec and a run of it, which is the current one."""
    monkeypatch.chdir(trained)
    return trained


def test_a_graph_is_drawn_as_it_is_and_as_a_run_sees_it(graphc, files):
    for name in ("spec.yaml", "run"):
        done = graphc("show", name, "--format", "graph")
        assert ElementTree.fromstring(done.out).get("class") == "graph", done.err
        assert ("wrong" in done.out) == (name == "run")


def test_pictures_of_graphs_are_svg_files_and_of_runs_as_they_are(graphc, tmp_path):
    done = graphc("show", "specs/karate", "--format", "graph", "-o", "karate.png")
    assert done.status == 2 and "`-o karate.svg`" in done.err
    done = graphc("show", tmp_path, "--format", "graph", "--set", "train.epochs=3")
    assert done.status == 2 and "a run has what it learnt with" in done.err


def test_other_data_is_no_graph_to_draw(graphc, spec):
    done = graphc("show", "a.yaml", "--format", "graph")
    assert done.status == 1 and "error[GC629]" in done.err and "a.yaml:" in done.err


def test_another_graph_is_predicted_on_from_files(graphc, files):
    (files / "more.csv").write_text("name,job,age\neve,m,5\nfay,n,7\ngus,m,9\n")
    (files / "ties.csv").write_text("a,b\neve,fay\n")
    done = graphc("predict", "run", "more.csv", "--edges", "ties.csv")
    with_names = np.array(json.loads(done.out))
    np.savez(files / "more.npz", features=[[5], [7], [9]], edges=[[0], [1]], kind=["x", "y", "x"])
    with_numbers = np.array(json.loads(graphc("predict", "run", "more.npz").out))
    np.testing.assert_array_equal(with_names, with_numbers)
    assert with_names.shape == (1, 3, 2)

    done = graphc("predict", "run", "more.csv")
    assert "name their file: `--edges FILE`" in done.err
    (files / "ties.csv").write_text("a,b\neve,fey\n")
    done = graphc("predict", "run", "more.csv", "--edges", "ties.csv")
    assert "error[GC614]" in done.err and "line 2 names the node `fey`" in done.err


def test_edges_are_of_graphs_in_csv_files_alone():
    run = SimpleNamespace(document=lambda: SimpleNamespace(data=Karate()))
    with pytest.raises(RunError, match="`--edges` is for runs that learnt from a graph in csv"):
        read_inputs("more.csv", run, "ties.csv")
