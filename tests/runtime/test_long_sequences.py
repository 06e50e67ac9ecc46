"""Steps of long sequences take long: fewer are a dispatch, for which a stop waits."""

import pytest

import graphc as gc
from graphc.compiler import with_examples
from graphc.core.span import Source
from graphc.insight.explanation import explanation

SPEC = """
network:
  inputs: {text: {int: [time], below: data}}
  layers: [{embed: 64}, {lstm: 512}, {dense: $text.below}]
data: {text: {path: it.txt, length: 8, validation: 0.2}}
train: {loss: cross_entropy, optimizer: {adam: 1e-3}, epochs: 1, batch_size: 32}
"""
LONG = SPEC.replace("length: 8", "length: 64")


@pytest.fixture
def made(tmp_path):
    def make(text=SPEC):
        (tmp_path / "it.txt").write_text("a quick brown fox jumps over the lazy dog " * 200)
        return gc.compile(Source("it.yaml", text, str(tmp_path)), device="cpu")

    return make


def steps_of(model, longest=None):
    return with_examples(model.compiled, 64, longest=longest).choices.steps_per_dispatch


def test_the_longer_the_sequences_the_fewer_steps_are_a_dispatch(made):
    assert [steps_of(made(), longest) for longest in (None, 1, 8, 64, 1024)] == [100, 100, 20, 5, 1]


@pytest.mark.parametrize(("text", "steps"), [(SPEC, 20), (LONG, 5)])
def test_the_data_says_how_long_they_are(made, text, steps):
    assert made(text).with_data()[1].choices.steps_per_dispatch == steps


def test_what_the_spec_says_holds(made):
    model = made(LONG.replace("epochs", "steps_per_dispatch: 50, epochs"))
    assert model.with_data()[1].choices.steps_per_dispatch == 50


def test_of_pieces_a_step_is_one_of_them(made):
    assert steps_of(made(LONG.replace("epochs", "truncate: 8, epochs")), 64) == 20


def test_the_source_is_that_which_compile_prints(made):
    model = made(LONG)
    assert model.with_data()[1].source == model.source


def test_explain_compile_says_so(made):
    text = explanation(made().compiled)
    assert "steps per dispatch: 100, by the work of a step, fewer where sequences are long" in text
