"""Networks over series at the nodes of a graph, from two csv files to a forecast."""

import numpy as np
import pytest

import graphc as gc
from graphc.cli.predictions import read_inputs

SPEC = """graphc: 1
network:
  inputs: {series: [time, nodes, 1]}
  nodes:
    h: {tgcn: 4, from: series}
    end: last(h)
    change: {dense: 2, from: end}
    y: last(series) + change
  output: y
data: {series: {path: speeds.csv, edges: roads.csv, steps: 4, horizon: 2, test: 8, validation: 8}}
train: {loss: mean_squared_error, metrics: [rmse], optimizer: {adam: 1e-2}, epochs: 2}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("series")
    walk = np.random.default_rng(0).normal(size=(40, 3)).cumsum(axis=0)
    rows = "".join(f"{','.join(f'{each:.3f}' for each in row)}\n" for row in walk)
    (found / "speeds.csv").write_text(f"north,east,west\n{rows}")
    (found / "roads.csv").write_text("a,b\nnorth,east\neast,west\n")
    (found / "spec.yaml").write_text(SPEC)
    return found


@pytest.fixture(scope="module")
def run(folder):
    return gc.compile(folder / "spec.yaml").train(folder / "run")


def test_a_metric_is_over_all_windows_and_nodes(run):
    arrays, moments = run.dataset().splits["test"], run.form().scaling.moments["series"]
    series = arrays["series"].astype(float) * moments.deviation[0] + moments.mean[0]
    errors = run.predict(series) - arrays["next"]
    assert errors.shape == (3, 3, 2)
    found = run.evaluate("test")
    np.testing.assert_allclose(found["rmse"], np.sqrt((errors**2).mean()), rtol=1e-4)
    np.testing.assert_allclose(found["loss"], found["rmse"] ** 2, rtol=1e-4)


def test_windows_are_predicted_over_the_graph_of_the_training(run):
    windows = np.random.default_rng(1).normal(size=(2, 4, 3, 1))
    given = run.predict(windows)
    same = run.predict({"series": windows, "edges": [[0, 1], [1, 2]]})
    other = run.predict({"series": windows, "edges": [[0], [1]]})
    assert (given == same).all()
    assert not np.allclose(given, other)
    with pytest.raises(gc.RunError, match="has 2 nodes, and the graph of the training has 3"):
        run.predict(windows[:, :, :2])


def test_a_file_with_the_sensors_of_the_series_is_read_window_by_window(run, folder):
    def windows(text):
        (folder / "new.csv").write_text(text)
        return read_inputs(str(folder / "new.csv"), run)

    found = windows("west,east,north\n" + "3,2,1\n" * 5)
    assert (found == np.broadcast_to([[1], [2], [3]], (2, 4, 3, 1))).all()
    with pytest.raises(gc.RunError, match="has 3 lines of numbers, and a window takes 4"):
        windows("west,east,north\n" + "3,2,1\n" * 3)
    with pytest.raises(gc.RunError, match="has no column `north`"):
        windows("west,east\n" + "3,2\n" * 5)
