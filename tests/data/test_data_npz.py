"""npz files: fields from headers, and every way in which arrays do not fit."""

import numpy as np
import pytest

from graphc.checker import check
from graphc.core.span import Source
from graphc.core.types import Type
from graphc.data.load import load
from graphc.ops.sources import Npz

LABELS = np.arange(12) % 3


@pytest.fixture
def saved(tmp_path):
    def save(name="data.npz", **arrays):
        np.savez(tmp_path / name, **arrays)
        return str(tmp_path)

    return save


def _npz(**attributes):
    return Npz(**{"path": "data.npz", "inputs": ("x",), "target": "y"} | attributes)


def test_each_array_is_a_field(saved):
    folder = saved(
        x=np.zeros((12, 4, 5)), t=np.zeros((12, 7), np.int64), m=np.ones((12, 2), bool), y=LABELS
    )
    source = _npz(inputs=("x", "t", "m"))
    assert source.fields(folder) == {
        "x": Type((4, 5)),
        "t": Type((7,), "int"),
        "m": Type((2,), "bool"),
        "y": Type((), "int", 3),
    }
    data = load(source, folder)
    assert data.fields == source.fields(folder)
    assert [data.splits["train"][each].dtype for each in "xtmy"] == [
        np.float32, np.int32, np.bool_, np.int32,
    ]  # fmt: skip
    assert [data.count(each) for each in ("train", "validation", "test")] == [6, 3, 3]


def test_truth_values_are_a_target_as_they_are(saved):
    several = np.arange(60).reshape(20, 3) % 2 == 0
    folder = saved(x=np.zeros((20, 2)), y=several, z=several[:, 0])
    assert _npz().fields(folder)["y"] == Type((3,), "bool")
    assert load(_npz(), folder).splits["train"]["y"].dtype == np.bool_
    single = load(_npz(target="z", validation=0), folder)
    assert single.fields["z"] == Type((), "bool")
    assert single.splits["test"]["z"].mean() == 0.5  # each split has its share


def test_pixels_become_floats_of_zero_to_one(saved):
    images = np.full((12, 2, 2, 1), 255, np.uint8)
    images[0] = 51
    folder = saved(x=images, y=LABELS)
    source = _npz(pixels=("x",), validation=0, test=0)
    assert source.fields(folder)["x"] == Type((2, 2, 1))
    found = load(source, folder).splits["train"]["x"]
    assert found.dtype == np.float32
    assert (found[0, 0, 0, 0], found[1, 0, 0, 0]) == (np.float32(0.2), 1)


def test_bytes_are_integers_otherwise(saved):
    folder = saved(x=np.full((12, 2), 200, np.uint8), y=LABELS)
    data = load(_npz(validation=0, test=0), folder)
    assert data.splits["train"]["x"][0].tolist() == [200, 200]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16])
def test_a_quantity_of_any_dtype_is_floats(saved, dtype):
    folder = saved(x=np.zeros((12, 2)), y=np.arange(12).astype(dtype))
    data = load(_npz(kind="number", validation=0, test=0), folder)
    assert data.fields["y"] == Type((1,))
    assert data.splits["train"]["y"][:3].tolist() == [[0.0], [1.0], [2.0]]


def test_a_target_of_several_numbers_keeps_its_shape(saved):
    folder = saved(x=np.zeros((12, 2)), y=np.zeros((12, 3)))
    assert _npz(kind="number").fields(folder)["y"] == Type((3,))


def test_a_test_file_is_the_test_split(saved):
    saved("other.npz", x=np.ones((2, 2)), y=np.array([0, 1]))
    folder = saved(x=np.zeros((12, 2)), y=LABELS)
    data = load(_npz(test_path="other.npz", validation=0), folder)
    assert (data.count("train"), data.splits["test"]["x"].tolist()) == (12, [[1, 1], [1, 1]])


def test_headers_are_read_without_the_arrays(tmp_path):
    # 8 EB by its header: reading it is out of the question.
    import zipfile

    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (12, 10**0, 99999999999999), }"
    head = head.replace(b"10**0", b"10").ljust(117) + b"\n"
    npy = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head
    np.savez(tmp_path / "data.npz", y=LABELS)
    with zipfile.ZipFile(tmp_path / "data.npz", "a") as archive:
        archive.writestr("x.npy", npy)
    assert _npz().fields(str(tmp_path))["x"] == Type((10, 99999999999999))


X = np.zeros((12, 2))
CASES = {
    "an array that is not there": (
        _npz(target="label"), {"x": X, "y": LABELS}, "GC512",
        "`FOLDER/data.npz` has no array `label`", "its arrays are `x`, `y`",
    ),
    "pixels that are no input": (
        _npz(inputs=("image",), pixels=("imag",)), {"image": X, "y": LABELS}, "GC512",
        "`pixels` names `imag`, which is none of the inputs",
        "an input with a similar name exists: `image`",
    ),
    "the target as an input": (
        _npz(inputs=("x", "y")), {"x": X, "y": LABELS}, "GC512",
        "`inputs` names the target", "name the arrays to learn from",
    ),
    "no inputs": (
        _npz(inputs=()), {"x": X, "y": LABELS}, "GC512",
        "`inputs` is empty", "name the arrays to learn from",
    ),
    "pixels that are no bytes": (
        _npz(pixels=("x",)), {"x": X, "y": LABELS}, "GC516",
        "`pixels` wants bytes (uint8), but the array `x` holds float64", None,
    ),
    "text": (
        _npz(), {"x": X, "y": np.array(["a"] * 12)}, "GC516",
        "the array `y` of `FOLDER/data.npz` holds str32, not numbers",
        "save it as an array of numbers",
    ),
    "objects": (
        _npz(), {"x": np.array([None] * 12), "y": LABELS}, "GC516",
        "the array `x` of `FOLDER/data.npz` holds object, not numbers",
        "save it as an array of numbers",
    ),
    "arrays of different lengths": (
        _npz(), {"x": X[:5], "y": LABELS}, "GC516",
        "the arrays of `FOLDER/data.npz` must hold equally many examples, at least one:"
        " `x` has 5, `y` has 12", None,
    ),
    "no examples": (
        _npz(), {"x": X[:0], "y": LABELS[:0]}, "GC516",
        "the arrays of `FOLDER/data.npz` must hold equally many examples, at least one:"
        " `x` has 0, `y` has 0", None,
    ),
    "floats as classes": (
        _npz(), {"x": X, "y": LABELS / 2}, "GC516",
        "classes are one integer for each example, but `y` has shape [12] of float64",
        "a target that is a quantity has `kind: number`",
    ),
    "classes below zero": (
        _npz(), {"x": X, "y": LABELS - 1}, "GC515",
        "the array `y` of `FOLDER/data.npz` holds the class -1", "count classes from 0",
    ),
    "one class only": (
        _npz(), {"x": X, "y": LABELS * 0 + 1}, "GC517",
        "every example of `FOLDER/data.npz` has the class 1", None,
    ),
    "a number that is not finite": (
        _npz(), {"x": np.full((12, 2), np.nan), "y": LABELS}, "GC514",
        "`x` of `FOLDER/data.npz` holds a number that is NaN: example 1, column 1",
        "remove the example or repair the number",
    ),
    "an integer that needs 64 bits": (
        _npz(), {"x": np.full((12,), 2**33), "y": LABELS}, "GC515",
        "`x` of `FOLDER/data.npz` holds 8589934592, example 1, but its values are"
        " -2147483648 to 2147483647", None,
    ),
    "splits that take all": (
        _npz(test=12), {"x": X, "y": LABELS}, "GC518",
        "no example is left to train on: of 12, 12 are held out for the test and 1 for the"
        " validation", "hold out fewer",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_refused_for(name, saved, problem):
    source, arrays, code, message, help = CASES[name]
    folder = saved(**arrays)
    with problem(code) as found:
        load(source, folder)
    assert found[0].message.replace(folder, "FOLDER") == message
    assert found[0].help == help


def test_a_test_file_of_other_shapes_is_refused(saved, problem):
    saved("other.npz", x=np.zeros((12, 3)), y=LABELS)
    folder = saved(x=X, y=LABELS)
    with problem("GC516") as found:
        load(_npz(test_path="other.npz"), folder)
    assert found[0].message == (
        f"the array `x` of `{folder}/other.npz` holds [3] of float64,"
        " but for training [2] of float64"
    )


def test_a_class_that_training_has_not_is_refused(saved, tmp_path, problem):
    saved("other.npz", x=X, y=LABELS + 1)
    with problem("GC515") as found:
        load(_npz(test_path="other.npz"), saved(x=X, y=LABELS))
    message = found[0].message.replace(str(tmp_path), "FOLDER")
    assert message == "`y` of `FOLDER/other.npz` holds 3, example 3, but its values are 0 to 2"


@pytest.mark.parametrize("damage", [lambda data: b"no zip", lambda data: data[: len(data) // 2]])
def test_a_damaged_file_is_refused(saved, tmp_path, problem, damage):
    folder = saved(x=X, y=LABELS)
    path = tmp_path / "data.npz"
    path.write_bytes(damage(path.read_bytes()))
    with problem("GC516") as found:
        load(_npz(), folder)
    assert "is no npz file of numpy" in found[0].message


def test_a_flipped_byte_is_found(saved, tmp_path, problem):
    folder = saved(x=np.arange(4000.0).reshape(-1, 2), y=np.arange(2000) % 3)
    path = tmp_path / "data.npz"
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with problem("GC516") as found:
        load(_npz(), folder)
    assert "Bad CRC-32" in found[0].message


def test_a_validation_file_is_the_validation_split(tmp_path):
    for name, count in (("a", 12), ("b", 5)):
        x, y = np.arange(count * 2.0).reshape(count, 2), np.arange(count) % 2
        np.savez(tmp_path / f"{name}.npz", x=x, y=y)
    source = Npz(path="a.npz", validation_path="b.npz", inputs=("x",), target="y", test=0)
    data = load(source, str(tmp_path))
    assert data.count("train") == 12 and data.count("validation") == 5


def test_integers_have_the_bound_that_is_given_or_found(saved, problem):
    words = np.arange(36).reshape(12, 3) % 9
    folder = saved(x=np.zeros((12, 2)), w=words, v=words[:, 0], y=LABELS)
    source = _npz(inputs=("x", "w", "v"), below=(("w", 50), ("v", "data")))
    fields = source.fields(folder)
    assert (fields["w"], fields["v"]) == (Type((3,), "int", 50), Type((), "int", 7))
    assert load(source, folder).fields == fields
    with problem("GC515") as found:
        load(_npz(inputs=("w",), below=(("w", 8),)), folder)
    assert "holds 8, example 3, column 3, but its values are 0 to 7" in found[0].message


@pytest.mark.parametrize(
    ("below", "code"), [((("x", 4),), "GC516"), ((("z", 4),), "GC512"), ((("y", 4),), "GC512")]
)
def test_a_bound_is_for_inputs_of_integers(saved, problem, below, code):
    folder = saved(x=np.zeros((12, 2)), y=LABELS)
    with problem(code):
        _npz(below=below).fields(folder)


def test_bounded_integers_can_be_embedded(saved):
    spec = """
graphc: 1
network:
  inputs: {word: {int: [3], below: data}}
  layers: [{embed: 4}, flatten, {dense: 3}]
data: {npz: {path: data.npz, inputs: [word], target: y, below: {word: 20}}}
train: {loss: cross_entropy}
"""
    folder = saved(word=np.arange(36).reshape(12, 3) % 9, y=LABELS)
    checked = check(Source("words.yaml", spec, folder))
    assert checked.networks[""].inputs[0][1] == Type((3,), "int", 20)
