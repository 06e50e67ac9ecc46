"""What is found in networks that are sound, and in networks that are not."""

import math
import re

import numpy as np
import pytest

import graphc as gc
from graphc.cli.main import main
from graphc.core.span import Source, nowhere
from graphc.core.types import Type
from graphc.runtime.doctor.findings import about_loss, about_slopes
from graphc.runtime.doctor.gradients import Gradient
from graphc.runtime.doctor.loss import expected_loss
from graphc.runtime.state import make_state

NETWORK = """\
graphc: 1
network:
  inputs: {image: [8, 8, 1]}
  layers:
    - flatten
    - dense: {features: 32, activation: relu}
    - dense: {features: 32, activation: relu}
    - dense: 10
data: digits
train: {loss: cross_entropy, optimizer: {adam: 3e-3}}
"""


def findings(text, folder):
    found = gc.compile(Source("a.yaml", text, str(folder))).doctor().findings
    return {each.code: each for each in found}


def test_a_sound_network_has_no_finding(capsys):
    assert main(["doctor", "specs/iris_mlp"]) == 0
    out = capsys.readouterr().out
    assert "sound: nothing" in out and "log(3)" in out
    assert re.search(r"^dense_2/kernel +\d", out, re.M)


def test_faults_are_found_and_located(tmp_path, monkeypatch, capsys):
    text = NETWORK.replace("activation: relu}", "activation: relu, bias_init: -9}", 1)
    text = text.replace("adam: 3e-3", "sgd: 1e-9")
    (tmp_path / "a.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "a.yaml"]) == 1
    said = capsys.readouterr().err
    found = dict(zip(re.findall(r"GC\d+", said), re.findall(r"a.yaml:(\d+)", said), strict=True))
    assert found["GC641"] == "6" and found["GC646"] == "10"


def test_a_signal_that_is_lost_and_a_gradient_that_is_replaced_are_found(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import jax\n\ndef stopped(x):\n    return x + jax.lax.stop_gradient(x)\n"
    )
    small = "dense: {features: 32, activation: relu, kernel_init: {normal: 1e-4}}"
    text = NETWORK.replace("dense: {features: 32, activation: relu}", small)
    text = text.replace("    - dense: 10", "    - python: mine:stopped\n    - dense: 10")
    found = findings(text, tmp_path)
    assert {"GC642", "GC645"} <= found.keys()
    assert found["GC642"].span.line == 7 and found["GC642"].help


@pytest.mark.slow
def test_fifty_plain_layers_are_found_not_to_be_trainable(capsys):
    assert main(["doctor", "specs/mnist_plain50"]) == 1
    assert "the gradient vanishes" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist_highway50", "mnist_lenet5", "digits_mixer", "digits_mlp"])
def test_networks_that_train_are_sound(name):
    assert main(["doctor", f"specs/{name}"]) == 0


def slopes(*shares):
    return [Gradient(f"{i}/kernel", None, 1.0, share) for i, share in enumerate(shares)]


def test_what_counts_as_vanishing_and_exploding():
    codes = [[each.code for each in about_slopes(slopes(*shares))] for shares in SHARES]
    assert codes == [[], [], ["GC643"], ["GC644"], ["GC644"]]


SHARES = [(1e-3, 1e-1), (1e-9, 1e-1, 1e-1, None), (1e-9, 1e-8, 0.1), (1.0, 1e3), (float("nan"),)]


@pytest.mark.parametrize("loss, codes", [(2.6, []), (9.0, ["GC640"]), (float("nan"), ["GC640"])])
def test_what_counts_as_too_large_a_loss(loss, codes):
    assert [each.code for each in about_loss(loss, (2.3, "log(10)"), nowhere())] == codes


def test_doctor_needs_a_train_section(capsys, tmp_path):
    (tmp_path / "a.yaml").write_text("network: {inputs: {x: [4]}, layers: [{dense: 3}]}\n")
    assert main(["doctor", str(tmp_path / "a.yaml")]) == 2
    assert "GC412" in capsys.readouterr().err


OF_A_RUN = """\
network:
  inputs: {features: [4]}
  layers: [{dense: 16, name: stem}, relu, {dense: 3, name: head}]
data: iris
train:
  loss: {cross_entropy: {label_smoothing: 0.1}}
  optimizer: {adam: {learning_rate: {cosine: {rate: 3e-2, warmup: 1}}}}
  groups: {"*/bias": {learning_rate: {piecewise: {rates: [1e-2, 0.0], at: 1}}}, "head/*": frozen}
  regularize: {"stem/kernel": {l2: 1e-4}}
  average: 0.999
  accumulate: 4
  batch_size: full
  epochs: 2
"""


def test_what_belongs_to_a_whole_run_does_not_decide_over_one_batch(tmp_path):
    assert not findings(OF_A_RUN, tmp_path)


@pytest.mark.parametrize(
    ("loss", "data", "expected", "why"),
    [
        ("{binary_cross_entropy: {positive_weight: 3}}", "breast_cancer", None, "logits of 0"),
        ("binary_cross_entropy", "breast_cancer", math.log(2), "log(2), all classes alike"),
        ("{focal: 0}", "breast_cancer", math.log(2), "log(2), all classes alike"),
        ("hinge", "breast_cancer", 1.0, "logits of 0"),
        ("{huber: 1e9}", "diabetes", 13.0, "always saying 0"),
    ],
)
def test_the_loss_that_is_expected(loss, data, expected, why):
    shape = {"breast_cancer": 30, "diabetes": 10}[data]
    text = f"network: {{inputs: {{features: [{shape}]}}, layers: [{{dense: 1}}]}}\n"
    model = gc.compile(Source("a.yaml", f"{text}data: {data}\ntrain: {{loss: {loss}}}\n"))
    plan, module = model.compiled.program.plan, model.module()
    term = plan.objectives[0].loss
    features = np.ones((2, shape), np.float32)
    target = np.array([[1], [0]]) if data == "breast_cancer" else np.array([[1.0], [7.0]])
    if term.target_type.shape == ():
        target = target[:, 0]
    if data == "diabetes":
        target = target * (2 * 13.0 / 25.0) ** 0.5
    dtype = np.float32 if data == "diabetes" else np.int32
    batch = {"features": features, term.target: target.astype(dtype), "mask": np.ones(2, bool)}
    found, said = expected_loss(module, make_state(module, 0), batch, term, Type((1,)))
    assert why in said
    assert found == pytest.approx(2 * math.log(2) if expected is None else expected, rel=1e-5)


def test_averages_of_weights_and_metrics_that_are_no_number_change_nothing(tmp_path):
    more = "average: 0.999, batch_size: full, metrics: [accuracy, confusion_matrix]}"
    assert not findings(NETWORK.replace("3e-3}}", "3e-3}, " + more), tmp_path)
