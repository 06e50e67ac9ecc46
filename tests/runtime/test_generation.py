"""Runs of texts go on with a prompt."""

from math import inf, nan

import jax
import numpy as np
import pytest

import graphc as gc
from graphc.cli.main import main
from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import Source
from graphc.data.vocabulary import Vocabulary
from graphc.ops.sources import PlainText
from graphc.ops.sources.text import UNKNOWN
from graphc.runtime.generation import Sampling, Stepping, draw
from graphc.spec.document import document_of

KEY = jax.random.key(0)
SENTENCE = "one two, three (four) it's!\n"
SPEC = """\
graphc: 1
network:
  inputs: {text: {int: [time], below: data}}
  layers: [{embed: 8}, {gru: 24}, {dense: $text.below}]
data: {text: {path: text.txt, length: 25, validation: 0.2}}
train: {loss: cross_entropy, optimizer: {adam: 0.02}, epochs: 60, batch_size: 4}
"""


def train(folder, name="run", changes=()):
    text = SPEC
    for old, new in changes:
        text = text.replace(old, new)
    (folder / "text.txt").write_text(SENTENCE * 30)
    source = Source(str(folder / f"{name}.yaml"), text, str(folder))
    return gc.compile(source).train(folder / name, cache=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("texts")


@pytest.fixture(scope="module")
def run(folder):
    return train(folder)


def test_it_goes_on_with_what_it_learnt(run):
    given = run.generate("one two, th", length=40, temperature=0)
    assert (SENTENCE * 3).startswith("one two, th" + given) and len(given) == 40


def test_an_empty_prompt_is_the_beginning_of_a_line(run):
    assert run.generate(length=8, temperature=0) == "one two,"


def test_the_seed_says_the_text(run):
    texts = {run.generate("on", length=70, temperature=3.0, seed=seed) for seed in (0, 0, 1)}
    assert len(texts) == 2 and all(len(text) == 70 for text in texts)


def test_the_length_does_not_change_what_comes_first(run):
    long = run.generate("on", length=150, temperature=2.0)
    assert long.startswith(run.generate("on", length=70, temperature=2.0))
    assert run.generate("on", length=0) == ""


def test_top_k_of_one_is_the_likeliest(run):
    likeliest = run.generate("one", length=30, temperature=0)
    assert run.generate("one", length=30, temperature=5.0, top_k=1) == likeliest


def test_pieces_come_as_they_are_drawn(run):
    pieces = list(run.generated("on", length=150))
    assert len(pieces) > 2 and "".join(pieces) == run.generate("on", length=150)


def test_symbols_are_drawn_by_their_scores():
    scores, keys = np.array([0.0, 1.0, 2.0, -1.0], np.float32), jax.random.split(KEY, 20_000)
    drawn = jax.vmap(lambda key: draw(scores, key, np.float32(2.0), 3))(keys)
    wanted = np.exp(scores / 2) * [1, 1, 1, 0]
    found = np.bincount(drawn, minlength=4) / len(keys)
    np.testing.assert_allclose(found, wanted / wanted.sum(), atol=0.015)


@pytest.mark.parametrize("options", [{"temperature": each} for each in (-1.0, nan, inf)])
def test_a_temperature_is_finite_and_not_negative(run, options):
    with pytest.raises(ValueError, match="temperature"):
        run.generate("one", **options)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_has_32_bits(run, seed):
    with pytest.raises(ValueError, match="a seed is 0 to 4294967295"):
        run.generate("one", seed=seed)


def test_the_sign_for_unknown_symbols_is_unknown_itself(run):
    with pytest.raises(RunError, match="GC631"):
        run.generate("one \N{REPLACEMENT CHARACTER}")


def test_unknown_symbols_of_a_prompt_are_named(run):
    with pytest.raises(RunError) as caught:
        run.generate("one € two ß\t")
    (found,) = caught.value.diagnostics
    assert found.code == "GC631" and "`€`, `ß`, `\\t`" in found.message


@pytest.mark.parametrize("by", ["character", "byte", "word"])
def test_a_text_is_put_together_of_its_symbols(by):
    source = PlainText(path="text.txt", by=by)
    text = SENTENCE + "Naïve [café] is 5% more.\n\nYes!"
    vocabulary = Vocabulary(source, tuple(map(str, source.symbols(source.split(text)))))
    numbers, decode = vocabulary.encode(text).tolist(), vocabulary.decoder()
    assert "".join(decode([number]) for number in numbers) == text
    assert 0 not in vocabulary.drawn or by == "byte"


def test_a_prompt_of_bytes_that_are_no_text_is_told():
    vocabulary = Vocabulary(PlainText(path="text.txt", by="byte"), tuple(map(str, range(256))))
    with pytest.raises(RunError, match=r"GC631.*symbol 2 is wrong"):
        vocabulary.begun("a\udcff")


def test_words_follow_a_prompt_with_a_blank_between():
    source = PlainText(path="text.txt", by="word")
    vocabulary = Vocabulary(source, (UNKNOWN, "a", "b", ","))
    assert vocabulary.decoder("a")([2, 3, 1]) == " b, a"
    assert vocabulary.decoder("a ")([2]) == "b"
    assert vocabulary.first == 1


def test_a_network_that_needs_all_steps_says_where(folder):
    changes = [("{gru: 24}", "reverse"), ("epochs: 60", "epochs: 1")]
    with pytest.raises(SpecError) as caught:
        train(folder, "turned", changes).generate("one")
    (found,) = caught.value.diagnostics
    assert found.code == "GC630" and found.span.line == 5
    assert found.message == "`reverse` needs all steps, so the network cannot go step by step"


def test_a_run_that_learnt_no_text_says_so(run, monkeypatch):
    other = document_of(Source("iris.yaml", "graphc: 1\nnetwork: {layers: []}\ndata: iris\n"))
    monkeypatch.setattr(gc.Run, "document", lambda _: other)
    with pytest.raises(RunError) as caught:
        run.generate("one")
    (found,) = caught.value.diagnostics
    assert found.code == "GC632" and "learnt from `iris`" in found.message


def test_a_network_without_scores_for_the_symbols_says_so(run):
    vocabulary, (module, weights) = run.vocabulary, run._stepping()
    network = Stepping(module, "text", (*vocabulary.drawn, 1000))
    with pytest.raises(RunError) as caught:
        next(network.continued(weights, vocabulary.begun("one"), 1, Sampling()))
    (found,) = caught.value.diagnostics
    assert found.code == "GC632" and "not a score for each symbol" in found.message


def test_predict_takes_sequences(run):
    numbers = run.vocabulary.encode("one two")
    (scores,) = run.predict(numbers[None])
    assert scores.shape == (7, len(run.vocabulary.names))
    assert run.vocabulary.decoder()(scores[:-1].argmax(-1).tolist()).endswith("e two")
    with pytest.raises(RunError, match="for each example"):
        run.predict(numbers)
    with pytest.raises(RunError, match="without a step"):
        run.predict(numbers[None, :0])


def test_the_command_prints_the_prompt_and_what_follows(run, capsys):
    arguments = ["--prompt", "one two", "--length", "21", "--temperature", "0"]
    assert main(["generate", str(run.path), *arguments]) == 0
    assert capsys.readouterr().out == SENTENCE + "\n"


def test_the_command_says_what_is_wrong_before_it_prints(run, capsys):
    assert main(["generate", str(run.path), "--prompt", "€"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("error[GC631]: the prompt has symbols")
    for temperature in ("-1", "nan", "inf"):
        assert main(["generate", str(run.path), "--temperature", temperature]) == 2


def test_ctrl_c_ends_it(run, capsys, monkeypatch):
    def pieces(*_, **__):
        yield "two"
        raise KeyboardInterrupt

    monkeypatch.setattr(gc.Run, "generated", pieces)
    assert main(["generate", str(run.path), "--prompt", "one "]) == 1
    shown = capsys.readouterr()
    assert shown.out == "one two\n" and shown.err.endswith("\ninterrupted\n")


def test_predict_takes_a_text_file(run, tmp_path, capsys):
    (tmp_path / "a.txt").write_text("one two")
    assert main(["predict", str(run.path), str(tmp_path / "a.txt"), "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("value", [2.5, 2**32 + 1, float("nan"), -(2**40)])
def test_what_is_no_whole_number_is_no_symbol(run, value):
    with pytest.raises(RunError, match=r"GC515.*`text` holds"):
        run.predict(np.array([[1, value]]))


def test_another_text_is_read_with_the_symbols_that_were_learnt_and_not_learnt_from(tmp_path):
    few = [("epochs: 60", "epochs: 1")]
    run = train(tmp_path, changes=few)
    before = run.evaluate("validation")
    (tmp_path / "text.txt").write_text("zz" + SENTENCE * 30)
    assert abs(run.evaluate("validation")["loss"] - before["loss"]) < 0.1
    source = Source(str(tmp_path / "run.yaml"), SPEC, str(tmp_path))
    with pytest.raises(RunError) as found:
        gc.compile(source, ["train.epochs=2"]).train(tmp_path / "run", resume=True, cache=False)
    (problem,) = found.value.diagnostics
    assert problem.code == "GC607" and problem.notes[0].text == "new: `z`"


SEVERAL = """\
graphc: 1
networks:
  writer: {inputs: {text: {int: [time], below: data}}, layers: [writing, {dense: $text.below}]}
  speller: {inputs: {text: {int: [time], below: data}}, layers: [writer]}
  judge: {inputs: {h: [time, 4]}, layers: [{dense: 1}]}
blocks: {writing: {layers: [{embed: 8}, {gru: 24}]}}
data: {text: {path: text.txt, length: 25, validation: 0.2}}
train:
  values: {z: {normal: [4]}}
  objectives:
    writer: {minimize: "cross_entropy(writer(text), next)", update: writer, optimizer: {adam: 0.02}}
    judge: {minimize: "judge(z) ** 2", update: judge}
  epochs: 1
  batch_size: 4
"""


def test_one_of_several_networks_writes(folder):
    run = train(folder, "several", [(SPEC, SEVERAL)])
    text = run.generate("one two", length=8, network="writer")
    assert len(text) == 8 and text == run.generate("one two", length=8, network="writer")
    with pytest.raises(RunError, match="GC633"):
        run.generate("one two")
    with pytest.raises(RunError, match="what goes on with a text reads its symbols alone"):
        run.generate("one two", network="judge")
    with pytest.raises(RunError, match="calls other networks"):
        run.generate("one two", network="speller")
