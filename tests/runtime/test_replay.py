"""From a loss that is not finite back to the line of the spec."""

import json
import shutil
from dataclasses import replace

import jax
import numpy as np
import pytest

from graphc.cli.main import main
from graphc.compiler import compile
from graphc.core.diagnostic import RunError
from graphc.core.span import Source
from graphc.runtime import checkpoint, events
from graphc.runtime.again import replay as replay_run
from graphc.runtime.course import Course
from graphc.runtime.events import NotFinite, Position, Snapshot
from graphc.runtime.keeper import checkpoints
from graphc.runtime.module import module_from_source
from graphc.runtime.replay import explain
from graphc.runtime.rundir import Blueprint, RunDirectory
from graphc.runtime.state import make_state

NODES = {
    "        stem = self.stem(features)": ("stem", 5),
    "        highways = scan_layers(": ("highways", 6),
    "        logits = self.logits(highways)": ("logits", 7),
    "        h = nnx.relu(self.h(x))": ("highway/h", 3),
    "        mix = ": ("highway/mix", 4),
    "    return optax.softmax_cross_entropy": ("loss", 9),
}


@pytest.fixture
def replay(rolled, dataset, tmp_path):
    """Explains the first step of the example, changed."""
    spec = tmp_path / "highway.yaml"
    spec.write_text("".join(f"line {number}\n" for number in range(1, 10)))

    def run(old="", new="", change=lambda state: state, data=dataset):
        source = rolled.source.replace(old, new)
        assert source != rolled.source or not old
        lines = {}
        for number, line in enumerate(source.splitlines(), 1):
            for start, (path, row) in NODES.items():
                if line.startswith(start):
                    lines[number] = (path, str(spec), row, 1, 5)
        blueprint = replace(rolled, source=source, lines=lines)
        module = module_from_source(source, "<replayed>")
        state = change(make_state(module, 0))
        arrays = data.splits["train"]
        course = Course(arrays, lambda epoch: None, [], 1, 1, jax.random.key(0))
        rows = np.arange(16, dtype=np.int32)
        event = NotFinite(Snapshot(Position(512, 3, 1), state, {}), rows)
        return explain(module, event, course, blueprint)

    return run


def texts(problem):
    return [str(note) for note in problem.notes]


def test_a_value_is_named_with_its_line_in_the_spec(replay):
    problem = replay("stem = self.stem(features)", "stem = self.stem(features) / 0")
    assert problem.code == "GC601"
    assert problem.message == "the value of `stem` is not finite at step 512"
    assert "highway.yaml:5:1" in str(problem) and "5 | line 5" in str(problem)


def test_the_ranges_of_its_inputs_are_noted(replay):
    problem = replay("gate * h + (1 - gate) * x", "jax.numpy.log(x - 100)")
    assert problem.message == "the value of `highway/mix` is not finite at step 512"
    assert texts(problem)[0].startswith("it is computed from `x`, which is between -")
    assert texts(problem)[-1].startswith("in model.py: `mix` in `Highway.__call__`, line ")


def test_weights_are_inputs_too(replay):
    def grow(state):
        state["params"]["stem"]["kernel"] = np.full((4, 8), 3e38, np.float32)
        return state

    problem = replay(change=grow)
    assert problem.message == "the value of `stem` is not finite at step 512"
    assert any("`stem/kernel`, which is between 3e+38 and 3e+38" in each for each in texts(problem))


@pytest.mark.parametrize("layer", [0, 2])
def test_the_layer_of_a_rolled_repeat_is_named(replay, layer):
    def grow(state):
        kernel = np.array(state["params"]["highways"]["h"]["kernel"])
        kernel[layer] = 3e38
        state["params"]["highways"]["h"]["kernel"] = kernel
        return state

    problem = replay(change=grow)
    assert problem.message == "the value of `highway/h` is not finite at step 512"
    assert any(each.startswith(f"in layer {layer} of `highways` at") for each in texts(problem))


def test_a_value_without_a_name_is_found_where_it_is_returned(replay):
    problem = replay("logits = self.logits(highways)\n        return logits", "return highways / 0")
    assert problem.message == "the value of `Network.__call__` is not finite at step 512"


def test_a_loss_that_is_not_finite_is_found(replay):
    problem = replay('(outputs, batch["label"])', '(outputs / 0, batch["label"])')
    assert problem.message == "the value of `loss` is not finite at step 512"


def test_negative_infinities_of_a_mask_are_not_blamed(replay):
    problem = replay(
        "logits = self.logits(highways)",
        "masked = jnp.where(highways > 9, highways, -jnp.inf)\n"
        "        logits = self.logits(highways) + jnp.exp(masked).sum() + jnp.log(-1.0)",
    )
    assert texts(problem)[-1].startswith("in model.py: `masked`")
    problem = replay(
        "logits = self.logits(highways)",
        "masked = jnp.where(highways > 9, highways, -jnp.inf)\n"
        "        fine = jnp.maximum(masked, highways)\n"
        "        logits = self.logits(fine) / 0",
    )
    assert texts(problem)[-1].startswith("in model.py: `logits`")


def test_data_is_blamed_first(replay, dataset):
    splits = {name: dict(arrays) for name, arrays in dataset.splits.items()}
    features = np.array(splits["train"]["features"])
    features[[3, 5], 1] = np.inf
    splits["train"]["features"] = features
    problem = replay(data=replace(dataset, splits=splits))
    assert problem.message == "the data is not finite: field `features` at step 512"
    assert texts(problem) == ["the first is example 3 of the training data"]


def test_a_weight_that_the_update_broke_is_named_by_the_spec(replay):
    def spoil(state):
        kernel = np.array(state["params"]["highways"]["h"]["kernel"])
        kernel[1, 0, 0] = np.nan
        state["params"]["highways"]["h"]["kernel"] = kernel
        return state

    problem = replay(change=spoil)
    message = "the weight `highways/1/h/kernel` is not finite before step 512"
    assert problem.message == message


def test_a_gradient_is_named_where_all_values_are_finite(replay):
    problem = replay(
        "logits = self.logits(highways)",
        "logits = self.logits(highways) + jnp.sqrt(jnp.abs(0 * stem[:, :3]))",
    )
    assert problem.message == "the gradient of the value of `stem` is not finite at step 512"
    assert "highway.yaml:5:1" in str(problem)
    notes = texts(problem)
    assert notes[0] == "all values of the network and the loss are finite"
    assert notes[1].startswith("the value of `stem` is between -")
    assert notes[2].startswith("the last finite gradient is that of `highway/h`, between ")


def test_what_fails_only_when_compiled_is_said_so(replay):
    problem = replay()
    message = "the gradient is not finite, or too large to square, at step 512"
    assert problem.message == message
    assert "run again, the largest number of the gradient is" in texts(problem)[-1]


def test_a_run_stops_and_keeps_the_last_good_state(runner):
    source = runner.blueprint.source.replace("optax.adam(0.01)", "optax.sgd(1e30)")
    lines = {
        number: ("highway/h", "spec.yaml", 5, 5, 9)
        for number, line in enumerate(source.splitlines(), 1)
        if "h = nnx.relu(self.h(x))" in line
    }
    runner.blueprint = replace(runner.blueprint, source=source, lines=lines)
    with pytest.raises(RunError, match="GC601") as error:
        runner(checkpoint_seconds=1000.0)
    problem = error.value.diagnostics[0]
    step = runner.of(NotFinite)[0].snapshot.position.step
    assert problem.message == f"the value of `highway/h` is not finite at step {step}"
    path = runner.folder / "run"
    record = json.loads((path / "not_finite.json").read_text())
    assert (record["step"], len(record["rows"])) == (step, 16)
    saved = checkpoint.read(checkpoints(path / "checkpoints")[-1])
    assert saved.about["position"]["step"] == step
    assert all(np.isfinite(each).all() for each in saved.arrays.values())
    assert not (path / "result.json").exists()
    assert not runner.of(events.EpochEnded)


GATED = """
network:
  inputs: {features: [4]}
  nodes:
    h: {dense: {features: 8, activation: relu}, from: features}
    gate: {dense: {features: 8, activation: silu}, from: features}
    free: {dense: {features: 8}, from: features}
    y: {dense: 3, from: mix}
    mix: gate * h + free
  output: y
data: iris
train: {loss: cross_entropy}
"""


def prepared(name, text, **options):
    """The module of a spec, a state, and what a run would keep of it."""
    compiled = compile(Source(name, text), **options)
    lines = {
        number: (path, span.source.name, span.line, span.column, span.end_column)
        for number, (path, span) in compiled.emitted.lines.items()
    }
    blueprint = Blueprint(name, text, compiled.source, compiled.weights, lines)
    module = module_from_source(compiled.source, f"<{name}>")
    return module, make_state(module, 0), blueprint


def explained(module, state, blueprint, arrays):
    """What is said of the first step over four examples."""
    course = Course(arrays, lambda epoch: None, [], 1, 1, jax.random.key(0))
    event = NotFinite(Snapshot(Position(0, 0, 0), state, {}), np.arange(4, dtype=np.int32))
    return explain(module, event, course, blueprint)


@pytest.mark.parametrize("word, line", [("h", 5), ("gate", 6), ("free", 7)])
def test_each_of_several_layers_in_one_product_is_named(word, line):
    """They are computed by one statement, and each is looked at in its own."""
    module, state, blueprint = prepared("gated.yaml", GATED)
    place = sorted(("free", "gate", "h")).index(word)
    kernel = np.array(state["params"]["free_gate_h"]["kernel"])
    kernel[:, 8 * place : 8 * place + 8] = [[3e38], [3e38], [-3e38], [-3e38]]
    state["params"]["free_gate_h"]["kernel"] = kernel
    arrays = {"features": np.full((4, 4), 30, np.float32), "label": np.zeros(4, np.int32)}
    problem = explained(module, state, blueprint, arrays)
    assert problem.message == f"the value of `{word}` is not finite at step 0"
    assert f"gated.yaml:{line}:" in str(problem)
    notes = texts(problem)
    assert any("`free_gate_h/kernel`, which is between -3e+38 and 3e+38" in each for each in notes)


RECURRENT = """
network:
  inputs: {text: {int: [time], below: data}}
  layers:
    - embed: 3
    - gru_reset_after: 4
    - dense: $text.below
data: {help_topics: {length: 4}}
train: {loss: cross_entropy}
"""


def test_what_comes_to_a_loop_by_parts_is_named_where_it_is_made():
    module, state, blueprint = prepared("gru.yaml", RECURRENT, without=["points"])
    assert "r_z_now" in blueprint.source
    state["params"]["embed"]["embedding"] = np.full((104, 3), 30, np.float32)
    kernel = np.array(state["params"]["gru_reset_after"]["r_z"]["kernel"])
    kernel[:3] = [[3e38], [-3e38], [3e38]]
    state["params"]["gru_reset_after"]["r_z"]["kernel"] = kernel
    words = np.ones((4, 4), np.int32)
    problem = explained(module, state, blueprint, {"text": words, "next": words})
    assert problem.message == "the value of `gru_reset_after/r_z/now` is not finite at step 0"
    assert "blocks/gru.yaml:35:" in str(problem)


ROOTED = """
network:
  inputs: {features: [4]}
  nodes:
    h: {dense: 8, from: features}
    zero: 0 * h
    root: {sqrt: {}, from: zero}
    y: {dense: 3, from: root}
  output: y
data: iris
train: {loss: cross_entropy, epochs: 1}
"""


def test_a_stopped_run_is_replayed_backwards(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text(ROOTED)
    run = str(tmp_path / "run")
    assert main(["train", str(tmp_path / "a.yaml"), "--run", run, "-q", "--no-cache"]) == 1
    said = capsys.readouterr().err
    assert "the gradient of the value of `zero` is not finite at step 0" in said
    assert "a.yaml:6:" in said and "that of `root`" in said
    assert main(["replay", run]) == 0
    assert capsys.readouterr().err == said


def test_a_run_that_did_not_stop_has_nothing_to_replay(reference, tmp_path, capsys):
    assert main(["replay", str(reference.folder / "run")]) == 1
    assert "GC624" in capsys.readouterr().err
    assert main(["replay", str(tmp_path)]) == 1
    assert "GC606" in capsys.readouterr().err


def test_the_state_before_the_step_must_be_there(runner, capsys):
    source = runner.blueprint.source.replace("optax.adam(0.01)", "optax.sgd(1e30)")
    runner.blueprint = replace(runner.blueprint, source=source)
    with pytest.raises(RunError, match="GC601"):
        runner()
    run = RunDirectory.open(runner.folder / "run")
    first = replay_run(run, runner.data, pytest.fail)
    assert first.code == "GC601"
    for path in checkpoints(run.checkpoints):
        shutil.rmtree(path)
    with pytest.raises(RunError, match="is lost"):
        replay_run(run, runner.data, pytest.fail)


def test_what_only_a_penalty_makes_too_large_is_said_so(tmp_path, capsys):
    spec = """
network: {inputs: {features: [4]}, layers: [{dense: 3}]}
data: iris
train: {loss: cross_entropy, epochs: 1, accumulate: 2, regularize: {"*/kernel": {l2: 1e38}}}
"""
    (tmp_path / "a.yaml").write_text(spec)
    arguments = ["train", str(tmp_path / "a.yaml"), "--run", str(tmp_path / "run"), "-q"]
    assert main([*arguments, "--no-cache"]) == 1
    said = capsys.readouterr().err
    assert "what `regularize` adds to the loss is too large at step 0" in said
    assert "the longest for `dense/kernel`" in said
