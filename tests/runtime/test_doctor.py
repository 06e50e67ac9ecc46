"""What is found in networks that are sound, and in networks that are not."""

import re

import pytest

import graphc as gc
from graphc.cli.main import main
from graphc.core.span import Source, nowhere
from graphc.runtime.doctor.findings import about_loss, about_slopes
from graphc.runtime.doctor.gradients import Gradient

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
    assert main(["doctor", "specs/digits_mlp"]) == 0
    out = capsys.readouterr().out
    assert "sound: nothing" in out and "log(10)" in out
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
@pytest.mark.parametrize("name", ["mnist_highway50", "mnist_lenet5", "digits_mixer", "iris_mlp"])
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
