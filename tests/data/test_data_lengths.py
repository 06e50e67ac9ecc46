"""Sequences of different length: padding and lengths from the source to the prediction."""

import json

import numpy as np
import pytest

import graphc as gc
from graphc.cli.predictions import read_inputs
from graphc.core.diagnostic import RunError
from graphc.core.operation import ShapeError
from graphc.core.span import Source
from graphc.core.types import BATCH, LENGTH, TIME, Axis, Type, over, uneven, uneven_axes
from graphc.data.batches import take
from graphc.data.dataset import Form
from graphc.data.load import load
from graphc.data.summary import summary
from graphc.ops.sources import Npz, PythonData

COUNT, LONGEST = 40, 7
STREAM = uneven(Type((), domain=(BATCH, TIME)))


@pytest.fixture
def arrays():
    """Numbers that say example and step, NaN and -1 behind the end."""
    lengths = np.arange(COUNT) % LONGEST + 1
    x = np.arange(COUNT)[:, None, None] + np.arange(LONGEST)[None, :, None] / 10 + np.zeros(2)
    there = np.arange(LONGEST) < lengths[:, None]
    tags = np.where(there, (np.arange(COUNT)[:, None] + np.arange(LONGEST)) % 3, -1)
    x = np.where(there[..., None], x, np.nan).astype(np.float32)
    return {"x": x, "tags": tags, "label": np.arange(COUNT) % 2, "n": lengths}


@pytest.fixture
def saved(tmp_path):
    def save(arrays, name="data.npz"):
        np.savez(tmp_path / name, **arrays)
        return str(tmp_path)

    return save


def npz(**attributes):
    given = {"path": "data.npz", "inputs": ("x",), "target": "tags", "steps": ("x", "tags")}
    return Npz(**given | {"lengths": "n"} | attributes)


def rejected(source, folder):
    with pytest.raises(RunError) as caught:
        load(source, folder)
    (error,) = caught.value.diagnostics
    return error.code, error.message


def test_lengths_go_with_their_examples(saved, arrays):
    source, folder = npz(normalize="none"), saved(arrays)
    assert source.fields(folder) == {
        "x": Type((2,), domain=STREAM.domain, presence=STREAM.presence),
        "tags": Type((), "int", 3, STREAM.domain, STREAM.presence),
    }
    data = load(source, folder)
    assert list(data.fields) == ["x", "tags", LENGTH]
    for split in data.splits.values():
        example, length = split["x"][:, 0, 0].astype(int), split[LENGTH]
        assert np.array_equal(length, example % LONGEST + 1)
        # Behind the end stands the last step, whatever the file has there.
        steps = np.minimum(np.arange(LONGEST), length[:, None] - 1)
        np.testing.assert_allclose(split["x"][..., 0], example[:, None] + steps / 10, rtol=1e-6)
        assert np.array_equal(split["tags"], (example[:, None] + steps) % 3)
    assert Form.from_dict(json.loads(json.dumps(data.as_dict()))).fields == data.fields


def test_rows_that_fill_a_batch_up_have_no_steps(saved, arrays):
    data = load(npz(), saved(arrays))
    batch = take(data.splits["train"], np.array([0, 1, -1]))
    assert batch[LENGTH][2] == 0 and (batch[LENGTH][:2] > 0).all()


def test_padding_is_not_measured(saved, arrays):
    data = load(npz(normalize="standard", test=0, validation=0), saved(arrays))
    there = arrays["x"][~np.isnan(arrays["x"][..., 0])]
    np.testing.assert_allclose(data.scaling.moments["x"].mean, there.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(data.scaling.moments["x"].deviation, there.std(axis=0), rtol=1e-6)
    found = summary(npz(), data)
    assert found["fields"]["x"]["splits"]["train"]["deviation"] == pytest.approx(1, rel=1e-5)
    assert sum(each["train"] for each in found["classes"].values()) == arrays["n"].sum()


@pytest.mark.parametrize("normalize", ["none", "standard"])
def test_streamed_it_is_the_same(saved, arrays, normalize):
    folder = saved(arrays)
    one, two = (load(npz(normalize=normalize, stream=each), folder) for each in (False, True))
    assert two.streamed and one.scaling == two.scaling
    for split, several in one.splits.items():
        for name, array in several.items():
            assert two.splits[split][name][:].tobytes() == array.tobytes()


def test_all_splits_are_as_long_as_the_longest(saved, arrays):
    saved({name: each[:, :9] if each.ndim > 1 else each for name, each in arrays.items()})
    longer = {name: np.repeat(each, 2, axis=1) for name, each in arrays.items() if each.ndim > 1}
    folder = saved(arrays | longer | {"n": 2 * arrays["n"]}, "more.npz")
    data = load(npz(test_path="more.npz"), folder)
    assert {each["x"].shape[1] for each in data.splits.values()} == {2 * LONGEST}
    assert data.splits["test"][LENGTH].max() == 2 * LONGEST


@pytest.mark.parametrize(
    "change, attributes, code, message",
    [
        ({"n": np.arange(COUNT)}, {}, "GC515", "gives example 1 the length 0, and there are 1"),
        ({"n": np.full(COUNT, 8)}, {}, "GC515", "the length 8, and there are 1 to 7 steps"),
        ({"n": np.ones(COUNT)}, {}, "GC516", "holds float64, and lengths are integers"),
        ({"n": np.ones((COUNT, 2))}, {}, "GC516", "an array of one integer for each example"),
        ({"x": np.zeros((COUNT, 5, 2))}, {}, "GC516", "equally many steps: `x` has 5, `tags` has"),
        ({}, {"steps": ("x", "tag")}, "GC512", "`steps` names `tag`"),
        ({}, {"steps": ("x", "label"), "target": "label"}, "GC516", "has one axis"),
        ({}, {"lengths": "m"}, "GC512", "has no array `m`"),
    ],
)
def test_lengths_that_cannot_be(saved, arrays, change, attributes, code, message):
    found = rejected(npz(**attributes), saved(arrays | change))
    assert found[0] == code and message in found[1]


@pytest.fixture
def function(tmp_path, arrays):
    """A function that returns the arrays, and its declaration."""
    np.savez(tmp_path / "data.npz", **arrays)
    text = "import numpy\n\ndef load():\n    found = dict(numpy.load({!r}))\n    return found\n"
    (tmp_path / "own.py").write_text(text.format(str(tmp_path / "data.npz")))
    types = (
        ("x", Type((2,), domain=STREAM.domain)),
        ("tags", Type((), "int", 3, STREAM.domain)),
        ("label", Type((), "int", 2)),
    )
    return PythonData(definition="own:load", target="tags", types=types, lengths="n")


def test_a_function_may_give_lengths(function, tmp_path):
    data, same = load(function, str(tmp_path)), load(npz(), str(tmp_path))
    assert np.array_equal(data.splits["train"]["x"], same.splits["train"]["x"])
    assert np.array_equal(data.splits["test"][LENGTH], same.splits["test"][LENGTH])


@pytest.mark.parametrize(
    "lengths, code, message",
    [
        (np.zeros(COUNT, int), "GC515", "example 1 of the training data has the length 0, but `x`"),
        (np.full(COUNT, 8), "GC515", "has the length 8, but `x` has 1 to 7 steps"),
        (np.ones((COUNT, 2), int), "GC516", "are as many integers, not [40, 2] of int64"),
        (np.ones(3, int), "GC516", "must hold equally many examples"),
    ],
)
def test_lengths_of_a_function_are_looked_at(function, tmp_path, arrays, lengths, code, message):
    np.savez(tmp_path / "data.npz", **arrays | {"n": lengths})
    found = rejected(function, str(tmp_path))
    assert found[0] == code and message in found[1]


SPEC = """graphc: 1
network:
  inputs: {x: {shape: [time, 2], at_most: MOST}}
  layers: [{dense: 4}, reverse, {mean: {over: time}}, {dense: 2}]
data: {npz: {path: PATH, inputs: [x], target: label, steps: [x], lengths: n}}
train: {loss: cross_entropy, epochs: 1, batch_size: 16}
"""


def spec(folder, most):
    return Source("spec.yaml", SPEC.replace("PATH", f"{folder}/data.npz").replace("MOST", most))


def test_a_sequence_that_is_too_long_is_told_where_the_most_is_declared(saved, arrays, tmp_path):
    model = gc.compile(spec(saved(arrays), "6"))
    with pytest.raises(RunError) as caught:
        model.train(tmp_path / "run")
    (error,) = caught.value.diagnostics
    assert (error.code, error.span.line, error.span.column) == ("GC531", 3, 43)
    assert "a sequence of `x` in the train split has 7 steps, and at most 6" in error.message


def test_a_run_predicts_on_each_sequence_as_on_it_alone(saved, arrays, tmp_path):
    run = gc.compile(spec(saved(arrays), "7")).train(tmp_path / "run")
    several = [arrays["x"][i, : arrays["n"][i]] for i in range(5)]
    found = run.predict(several)
    assert found.shape == (5, 2)
    np.testing.assert_allclose(found[1:2], run.predict([several[1]]), rtol=1e-5, atol=1e-6)
    padded = {"x": np.nan_to_num(arrays["x"][:5]), LENGTH: arrays["n"][:5]}
    np.testing.assert_allclose(found, run.predict(padded), rtol=1e-5, atol=1e-6)
    (tmp_path / "in.json").write_text(json.dumps([each.tolist() for each in several]))
    again = run.predict(read_inputs(str(tmp_path / "in.json"), run))
    np.testing.assert_array_equal(found, again)
    again = run.predict(read_inputs(str(tmp_path / "data.npz"), run))
    np.testing.assert_allclose(found, again[:5], rtol=1e-5, atol=1e-6)
    for wrong in (padded | {LENGTH: np.full(5, 9)}, [several[0], [[1, 2, 3]]], [several[0][:0]]):
        with pytest.raises(RunError, match="GC614"):
            run.predict(wrong)


def pairs(**attributes):
    given = {"inputs": ("x",), "target": "y", "kind": "number", "path": "pairs.npz"}
    given |= {"steps": (("source", ("x",)), ("target", ("y",)))}
    return Npz(**given | attributes)


def test_each_axis_has_lengths_and_a_longest_of_its_own(tmp_path):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(20, 9, 3)), draw.normal(size=(20, 6, 2))
    n, m = draw.integers(1, 5, 20), draw.integers(1, 7, 20)
    np.savez(tmp_path / "pairs.npz", x=x, y=y, n=n, m=m)
    data = load(pairs(lengths=(("source", "n"), ("target", "m"))), str(tmp_path))
    assert list(data.fields) == ["x", "y", "source:length", "target:length"]
    assert [str(data.fields[name]) for name in "xy"] == ["[source, 3]", "[target, 2]"]
    train = data.splits["train"]
    assert train["x"].shape[1] == n.max() and train["y"].shape[1] == m.max()
    for row in range(len(train["y"])):
        place = np.flatnonzero(np.isclose(y[:, 0, 0], train["y"][row, 0, 0]))[0]
        assert (train["source:length"][row], train["target:length"][row]) == (n[place], m[place])
    form = Form.from_dict(json.loads(json.dumps(data.as_dict())))
    assert form.fields == data.fields
    batch = take(train, np.array([0, -1]))
    assert batch["source:length"][1] == 0 == batch["target:length"][1]


def test_one_axis_may_have_lengths_and_another_none(tmp_path):
    x, y = np.zeros((20, 9, 3)), np.zeros((20, 6, 2))
    np.savez(tmp_path / "pairs.npz", x=x, y=y, n=np.full(20, 4))
    data = load(pairs(lengths=(("source", "n"),)), str(tmp_path))
    assert uneven_axes(data.fields["x"]) and not uneven_axes(data.fields["y"])
    assert "target:length" not in data.fields
    assert data.splits["train"]["y"].shape[1] == 6


def test_arrays_over_one_axis_have_equally_many_steps(tmp_path):
    np.savez(tmp_path / "pairs.npz", x=np.zeros((20, 9, 3)), y=np.zeros((20, 6, 2)))
    with pytest.raises(ShapeError, match="equally many steps: `x` has 9, `y` has 6"):
        pairs(steps=("x", "y")).fields(str(tmp_path))


def test_a_function_gives_lengths_by_axis(tmp_path):
    text = "import numpy as np\n\ndef load():\n    n = np.arange(20) % 4 + 1\n"
    text += "    return dict(x=np.zeros((20, 9, 3)), y=np.zeros((20, 6, 1)), n=n, m=n + 1)\n"
    (tmp_path / "own.py").write_text(text)
    types = tuple(
        (name, over(Type((size,)), Axis(axis, "time")))
        for name, axis, size in (("x", "source", 3), ("y", "target", 1))
    )
    lengths = (("source", "n"), ("target", "m"))
    source = PythonData(definition="own:load", target="y", types=types, lengths=lengths)
    train = load(source, str(tmp_path)).splits["train"]
    assert train["x"].shape[1] == 4 and train["y"].shape[1] == 5
    assert (train["target:length"] == train["source:length"] + 1).all()
