"""train, evaluate and predict, from one short run."""

import json

import numpy as np
import pytest

from graphc.cli.main import main

SPEC = """\
graphc: 1
network: {inputs: {features: [4]}, layers: [{dense: 3}]}
data: {csv: {path: flowers.csv, target: kind}}
train: {loss: cross_entropy, optimizer: {adam: 1e-2}, epochs: 1}
"""
ROWS = [(k % 3, k / 10, k % 7, k % 5, 1.5) for k in range(60)]
TABLE = "\n".join(["kind,a,b,c,d", *(",".join(map(str, row)) for row in ROWS)]) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "a.yaml").write_text(SPEC)
    (folder / "flowers.csv").write_text(TABLE)
    run, spec = str(folder / "run"), str(folder / "a.yaml")
    assert main(["train", spec, "--run", run, "--seed", "3", "--no-cache", "--quiet"]) == 0
    return folder


def test_train_keeps_the_seed(folder):
    assert "seed: 3" in (folder / "run" / "spec.yaml").read_text()


def test_train_refuses_a_used_directory(graphc, folder):
    done = graphc("train", folder / "a.yaml", "--run", folder / "run", "--no-cache", "-q")
    assert done.status == 1 and done.err.startswith("error[GC605]")


def test_train_from_standard_input_needs_a_directory(graphc):
    done = graphc("train", "-", stdin=SPEC)
    assert done.status == 2 and "`--run DIR`" in done.err


def test_train_needs_a_train_section(graphc, folder):
    spec = "graphc: 1\nnetwork: {inputs: {x: [4]}, layers: [{dense: 3}]}\n"
    assert graphc("train", "-", "--run", folder / "other", stdin=spec).status == 2


def test_diff_compares_a_spec_with_a_run(graphc, folder):
    done = graphc("diff", folder / "a.yaml", folder / "run")
    assert done.status == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert ["train.seed", "0", "->", "3"] in lines and done.out.endswith("programs are the same\n")


def test_evaluate_prints_the_loss_and_the_metrics(graphc, folder):
    done = graphc("evaluate", folder / "run")
    assert done.status == 0 and done.out.startswith("test loss ")
    found = json.loads(graphc("evaluate", folder / "run", "--format", "json").out)
    assert set(found) == {"split", "loss", "accuracy"}


def test_evaluate_names_the_splits_there_are(graphc, folder):
    done = graphc("evaluate", folder / "run", "--split", "exam")
    assert done.status == 1 and "`train`, `validation`, `test`" in done.err


def test_predict_gives_the_same_for_every_form_of_input(graphc, folder):
    run, inputs = folder / "run", np.asarray([row[1:] for row in ROWS[:3]])
    np.save(folder / "x.npy", inputs)
    np.savez(folder / "x.npz", features=inputs)
    (folder / "x.json").write_text(json.dumps({"features": inputs.tolist()}))
    lines = ["d,c,b,a", *(",".join(map(str, row[:0:-1])) for row in ROWS[:3])]
    (folder / "x.csv").write_text("\n".join(lines))
    found = [
        graphc("predict", run, folder / f"x.{end}").out for end in ("npy", "npz", "json", "csv")
    ]
    found.append(graphc("predict", run, "-", stdin=json.dumps(inputs.tolist())).out)
    assert len(set(found)) == 1
    assert np.shape(json.loads(found[0])) == (3, 3)


def test_predict_writes_csv_and_npz(graphc, folder):
    run, inputs = folder / "run", json.dumps([[1, 2, 3, 4]])
    table = graphc("predict", run, "-", "--format", "csv", stdin=inputs).out
    assert table.splitlines()[0] == "output_0,output_1,output_2"
    path = folder / "y.npz"
    assert graphc("predict", run, "-", "--format", "npz", "-o", path, stdin=inputs).status == 0
    with np.load(path) as found:
        assert found["output"].shape == (1, 3)


@pytest.mark.parametrize(
    "text", ["[[1, 2", '[["a", "b", "c", "d"]]', "[[1, 2], [3]]", "[1, 2]", '{"x": [1]}']
)
def test_predict_on_what_is_no_example_fails_with_status_1(graphc, folder, text):
    done = graphc("predict", folder / "run", "-", stdin=text)
    assert (done.status, done.out) == (1, "") and done.err.startswith("error[GC614]: ")


def test_commands_on_no_run_fail_with_status_1(graphc, folder):
    assert graphc("evaluate", folder / "nowhere").status == 1
    assert graphc("predict", folder / "nowhere", "-", stdin="[]").status == 1


MIXED = """\
graphc: 1
network: {inputs: {features: [3]}, layers: [{dense: 2}]}
data:
  csv: {path: people.csv, target: alive, one_hot: [sex], missing: {age: mean}, test: 0.3}
train: {loss: cross_entropy, optimizer: {adam: 1e-2}, epochs: 1}
"""


def test_predict_needs_no_data_set(graphc, tmp_path):
    rows = [f"{'' if k == 5 else 20 + k},{'fm'[k % 2]},{k % 3 // 2}" for k in range(30)]
    (tmp_path / "people.csv").write_text("\n".join(["age,sex,alive", *rows]) + "\n")
    (tmp_path / "a.yaml").write_text(MIXED)
    run = tmp_path / "run"
    done = graphc("train", tmp_path / "a.yaml", "--run", run, "--no-cache", "-q")
    assert done.status == 0, done.err
    (tmp_path / "people.csv").unlink()
    (tmp_path / "new.csv").write_text("sex,age\nf,20\nm,\n")
    records = [{"age": 20, "sex": "f"}, {"age": None, "sex": "m"}]
    done = graphc("predict", run, tmp_path / "new.csv")
    assert done.status == 0 and np.shape(json.loads(done.out)) == (2, 2)
    assert graphc("predict", run, "-", stdin=json.dumps(records)).out == done.out
    (tmp_path / "new.csv").write_text("sex,age\nf,20\nx,7\n")
    done = graphc("predict", run, tmp_path / "new.csv")
    assert done.status == 1
    assert "new.csv` line 3 has the category `x` in column `sex`" in done.err


IMAGES = """\
graphc: 1
network: {inputs: {image: [4, 6, 3]}, layers: [flatten, {dense: 2}]}
data: {image_folder: {path: pets, test: 0.2, normalize: standard}}
train: {loss: cross_entropy, optimizer: {adam: 1e-2}, epochs: 1}
"""


def test_predict_takes_images_and_folders_of_them(graphc, tmp_path):
    image = pytest.importorskip("PIL.Image")
    for k in range(20):
        folder = tmp_path / "pets" / ("dog", "cat")[k % 2]
        folder.mkdir(parents=True, exist_ok=True)
        image.new("RGB", (6, 4), (k, 255 - k, 9 * k)).save(folder / f"{k:02}.png")
    (tmp_path / "a.yaml").write_text(IMAGES)
    run, cats = tmp_path / "run", tmp_path / "cats"
    done = graphc("train", tmp_path / "a.yaml", "--run", run, "--no-cache", "-q")
    assert done.status == 0, done.err
    (tmp_path / "pets" / "cat").rename(cats)
    several = json.loads(graphc("predict", run, cats).out)
    one = json.loads(graphc("predict", run, cats / "03.png").out)
    assert np.shape(several) == (10, 2) and np.allclose(several[1], one[0], rtol=1e-5)
    (cats / "x.png").write_bytes(b"no image")
    done = graphc("predict", run, cats)
    assert done.status == 1 and "cats/x.png` cannot be read as an image" in done.err
