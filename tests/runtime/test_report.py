"""`report.html` and `graphc plot`, of real runs."""

import struct
import zlib

import numpy as np
import pytest

import graphc as gc
from graphc.cli.main import main
from graphc.data.load import load
from graphc.data.png import png
from graphc.runtime.lock import Lock
from graphc.runtime.report import Network, Shown, confusion_matrix, worst_errors

FIELDS = """
network: {inputs: {features: [10]}, layers: [{dense: 1}]}
data: diabetes
train: {loss: mean_squared_error, epochs: 1}
"""


def _losses(logits, label):
    logits = logits.astype(np.float64)
    right = np.take_along_axis(logits, label[:, None], 1).squeeze(1)
    return np.log(np.exp(logits).sum(axis=1)) - right


def network(run, model):
    return Network(run._directory, model.compiled.checked, run._warn)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    model = gc.compile("specs/digits_logistic", ["train.epochs=2"])
    return model, model.train(folder / "digits", cache=False)


def test_the_report_is_one_file_with_everything(digits):
    _, run = digits
    text = (run.path / "report.html").read_text()
    assert "src=" not in text.replace('src="data:image/png', "") and "<svg" in text
    parts = ("Results", "Learning curves", "Confusion matrix", "Worst errors", "loss:")
    for part in (*parts, "digits_logistic", "9 taken for 9: "):
        assert part in text
    assert f"{run.result['test']['loss']:.4f}" in text


def test_the_steps_of_a_sequence_are_shown_column_by_column(tmp_path):
    rows = [
        f"w{walk},{step},{10 * walk + step},{-step},{'ab'[walk % 2]}"
        for walk in range(20)
        for step in range(2 + walk % 2)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["walk,step,height,depth,way", *rows]))
    spec = """
network:
  inputs: {features: [time, 2]}
  layers: [last, {dense: 2}]
data: {csv: {path: t.csv, target: way, sequence: walk, order: step, test: 2}}
train: {loss: cross_entropy, epochs: 1}
"""
    (tmp_path / "a.yaml").write_text(spec)
    model = gc.compile(tmp_path / "a.yaml")
    run = model.train(tmp_path / "run", cache=False)
    for each in worst_errors(network(run, model), run.dataset(), "test"):
        walk = int(each.values.split()[1]) // 10
        steps = range(2 + walk % 2)
        height, depth = (
            " ".join(str(i * k + j) for i in steps) for k, j in ((1, 10 * walk), (-1, 0))
        )
        assert each.values == f"height {height}, depth {depth}"


def test_the_worst_errors_are_those_with_the_highest_loss(digits):
    model, run = digits
    dataset = run.dataset()
    found = worst_errors(network(run, model), dataset, "test")
    logits = run.predict(dataset.splits["test"]["image"] * 1.0)
    losses = _losses(logits, dataset.splits["test"]["label"])
    assert [each.number for each in found[:3]] == np.argsort(-losses)[:3].tolist()
    assert found[0].loss == pytest.approx(losses.max(), rel=1e-4)
    assert found[0].right is False and found[0].target.startswith("is ")
    assert found[0].picture.startswith("data:image/png;base64,")


def test_a_moving_average_is_what_the_run_is_judged_by(tmp_path):
    model = gc.compile("specs/digits_logistic", ["train.epochs=2", "train.average=0.99"])
    run = model.train(tmp_path / "run", cache=False)
    dataset = run.dataset()
    logits = run.predict(dataset.splits["test"]["image"] * 1.0)
    right = (logits.argmax(axis=1) == dataset.splits["test"]["label"]).mean()
    assert run.result["test"]["accuracy"] == pytest.approx(right)
    found = worst_errors(network(run, model), dataset, "test")
    assert found[0].number == int(np.argmax(_losses(logits, dataset.splits["test"]["label"])))


def test_numbers_are_shown_as_numbers(tmp_path):
    (tmp_path / "a.yaml").write_text(FIELDS)
    model = gc.compile(tmp_path / "a.yaml")
    run = model.train(tmp_path / "run", cache=False)
    dataset = run.dataset()
    found = worst_errors(network(run, model), dataset, "test")
    assert found[0].right is None and not found[0].picture and len(found[0].values.split()) > 3


def test_the_confusion_matrix_is_that_of_the_metric(digits, tmp_path):
    model, run = digits
    dataset = run.dataset()
    found = confusion_matrix(network(run, model), dataset, "test")
    logits = run.predict(dataset.splits["test"]["image"] * 1.0)
    right = logits.argmax(axis=1) == dataset.splits["test"]["label"]
    assert np.trace(found) == right.sum() and np.sum(found) == len(right)
    (tmp_path / "a.yaml").write_text(FIELDS)
    other = gc.compile(tmp_path / "a.yaml")
    numbers = other.train(tmp_path / "run", cache=False)
    assert confusion_matrix(network(numbers, other), numbers.dataset(), "test") is None
    assert "Confusion matrix" not in (numbers.path / "report.html").read_text()


def test_rows_of_a_table_are_shown_as_the_file_has_them(tmp_path):
    rows = [f"{1900 + i},{i * 1000.5},{'ab'[i % 2]},{i % 3 == 0}" for i in range(60)]
    (tmp_path / "it.csv").write_text("\n".join(["year,income,kind,bought", *rows]) + "\n")
    (tmp_path / "a.yaml").write_text(TABLE)
    model = gc.compile(tmp_path / "a.yaml")
    run = model.train(tmp_path / "run", cache=False)
    for each in worst_errors(network(run, model), run.dataset(), "test"):
        words = each.values.replace(",", "").split()
        assert words[::2] == ["year", "income", words[4]]
        assert float(words[3]) == pytest.approx((int(words[1]) - 1900) * 1000.5, rel=1e-4)
        assert words[4:] in (["1", "0"], ["0", "1"])


TABLE = """
network: {inputs: {features: [4]}, layers: [{dense: 2}]}
data: {csv: {path: it.csv, target: bought, one_hot: [kind]}}
train: {loss: cross_entropy, epochs: 1}
"""
ANSWERS = """\
params: {features: 1}
network: {inputs: {x: [2]}, layers: [dense: $features]}
data: {npz: {path: data.npz, inputs: [x], target: t}}
train: {loss: binary_cross_entropy, metrics: [], epochs: 1}
"""


@pytest.mark.parametrize(
    ("loss", "features", "target", "output", "wanted"),
    [
        ("binary_cross_entropy", 1, [0, 1], [-2.0], ("is 1", "says 0 (88%)", False)),
        ("binary_cross_entropy", 1, [False, True], [2.0], ("is 1", "says 1 (88%)", True)),
        ("cross_entropy", 2, [0, 1], [0.0, 2.0], ("is 1", "says 1 (88%)", True)),
        ("hinge", 2, [0, 1], [2.0, 0.0], ("is 1", "says 0", False)),
        (
            "kl_divergence",
            2,
            [[0.5, 0.5], [0.1, 0.9]],
            [0, 0],
            ("is 0.1 0.9", "says 0.5 0.5", None),
        ),
        (
            "binary_cross_entropy",
            2,
            [[False, True], [True, False]],
            [3, 1],
            ("is 1 0", "says 1 1", False),
        ),
        ("poisson", 1, [[2.0], [3.0]], [0.0], ("is 3", "says 1", None)),
        ("mean_squared_error", 1, [[2.0], [3.0]], [0.0], ("is 3", "says 0", None)),
    ],
)
def test_what_the_network_says_is_in_the_words_of_the_target(
    tmp_path, loss, features, target, output, wanted
):
    x, targets = np.random.default_rng(0).random((40, 2), np.float32), np.array(target * 20)
    np.savez(tmp_path / "data.npz", x=x, t=targets)
    (tmp_path / "a.yaml").write_text(ANSWERS)
    settings = [f"features={features}", f"train.loss={loss}"]
    if targets.dtype == float:
        settings.append("data.npz.kind=number")
    checked = gc.compile(tmp_path / "a.yaml", settings).compiled.checked
    dataset = load(checked.document.data, checked.document.folder)
    shown = Shown(dataset, checked.plan.objectives[0].loss, dataset.splits["train"])
    said = shown.error(0, 1.0, {"x": x[1], "t": targets[1]}, np.array(output, np.float32))
    assert (said.target, said.prediction, said.right) == wanted


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_holds_its_pixels(channels):
    image = np.arange(4 * 5 * channels, dtype=np.uint8).reshape(4, 5, channels)
    data = png(image)
    width, height = struct.unpack(">II", data[16:24])
    length = struct.unpack(">I", data[33:37])[0]
    rows = zlib.decompress(data[41 : 41 + length])
    assert (height, width) == (4, 5)
    assert np.frombuffer(rows, np.uint8).reshape(4, -1)[:, 1:].tobytes() == image.tobytes()


def test_plot_draws_runs_and_names_what_is_wrong(digits, tmp_path, capsys):
    _, run = digits
    assert main(["plot", str(run.path), "-o", str(tmp_path / "c.svg")]) == 0
    assert "accuracy" in (tmp_path / "c.svg").read_text()
    assert main(["plot", str(run.path), "-o", "c.png"]) == 2
    assert main(["plot", str(tmp_path / "nowhere")]) == 1
    (run.path / "metrics.jsonl").rename(tmp_path / "kept")
    assert main(["plot", str(run.path)]) == 1
    (tmp_path / "kept").rename(run.path / "metrics.jsonl")
    assert "GC622" in capsys.readouterr().err


def test_curves_are_drawn_again_until_the_run_has_ended(digits, tmp_path, monkeypatch, capsys):
    _, run = digits
    page = tmp_path / "curves.html"
    lock, seen = Lock(run.path), []

    def sleep(seconds):
        seen.append(page.read_text())
        if len(seen) == 2:
            lock.release()

    monkeypatch.setattr("graphc.cli.plot.time.sleep", sleep)
    assert main(["plot", str(run.path), "--follow", "-o", str(page)]) == 0
    assert len(seen) == 2 and all('http-equiv="refresh"' in each for each in seen)
    assert "refresh" not in page.read_text() and "<svg" in page.read_text()
    assert main(["plot", str(run.path), "--follow"]) == 2
    assert "name it with `-o`" in capsys.readouterr().err
