"""Tags of steps, of sequences that are as long as each other or not."""

import json

import numpy as np
import pytest

import graphc as gc
from graphc.cli.main import main

SPEC = """\
graphc: 1
network:
  inputs: {word: {int: [time], below: data}}
  layers: [{embed: 4}, {bidirectional: [{gru: 4}]}, {dense: 3}]
data:
  csv:
    path: tags.csv
    target: tag
    features: []
    index: [word]
    sequence: sentence
    target_of: step
    validation: 2
    test: 2
train: {loss: cross_entropy, metrics: entity_f1}
"""


def model(folder, lengths):
    rows = [
        f"{number},{'abc'[step % 3]},{(number + step) % 3}"
        for number, length in enumerate(lengths)
        for step in range(length)
    ]
    (folder / "tags.csv").write_text("\n".join(["sentence,word,tag", *rows]))
    (folder / "tags.yaml").write_text(SPEC)
    return gc.compile(folder / "tags.yaml", device="cpu")


def test_entities_are_counted_up_to_the_end_of_their_sequence(tmp_path):
    source = model(tmp_path, [3, 5, 4, 6, 2, 3, 4, 5]).source
    assert 'entity_hits(outputs, batch["tag"], batch["time:length"])' in source


def test_entities_of_sequences_of_one_length_need_none(tmp_path):
    assert 'entity_hits(outputs, batch["tag"])' in model(tmp_path, [4] * 8).source


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tags")
    return model(folder, [3, 5, 4, 6, 2, 3, 4, 5]).train(folder / "run", cache=False)


def predicted(run, form, folder):
    rows = [f"{name},{word}" for name, words in (("u", "ab"), ("v", "cab")) for word in words]
    (folder / "new.csv").write_text("\n".join(["sentence,word", *rows]))
    files = [str(folder / name) for name in ("new.csv", f"out.{form}")]
    assert main(["predict", str(run.path), files[0], "--format", form, "-o", files[1]]) == 0
    return folder / f"out.{form}"


def test_json_has_the_steps_that_are_there(run, tmp_path):
    one, other = json.loads(predicted(run, "json", tmp_path).read_text())
    assert np.shape(one) == (2, 3) and np.shape(other) == (3, 3)
    codes = [run.form().columns.index["word"].index(each) for each in "ab"]
    alone = run.predict(np.array([codes], np.int32))[0]
    np.testing.assert_allclose(one, alone, rtol=1e-5, atol=1e-6)


def test_csv_has_empty_cells_behind_the_last_step(run, tmp_path):
    header, one, other = predicted(run, "csv", tmp_path).read_text().splitlines()
    assert len(header.split(",")) == 9
    assert one.endswith(",,,") and sum(map(bool, one.split(","))) == 6
    assert all(other.split(","))


def test_npz_says_how_long_each_is(run, tmp_path):
    with np.load(predicted(run, "npz", tmp_path)) as found:
        assert found["output"].shape == (2, 3, 3) and found["length"].tolist() == [2, 3]
