"""CIFAR-10 in its forms, houses, folders of images, and data from code of the user's."""

import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest

from graphc.core.types import Type
from graphc.data import files
from graphc.data.cifar import decode_joined, parse_archive, parse_batch
from graphc.data.files import KnownFile
from graphc.data.load import load
from graphc.ops.sources import (
    CaliforniaHousing,
    Cifar10,
    Cifar10Jpeg,
    Cifar10Subset,
    ImageFolder,
    PythonData,
)


def _records(labels):
    rows = np.zeros((len(labels), 3073), np.uint8)
    rows[:, 0] = labels
    rows[:, 1:1025], rows[:, 1025 : 1025 + 2] = 255, 51
    return rows.tobytes()


def _archive(parts, folder="cifar-10-batches-bin"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in parts.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


BATCHES = {f"data_batch_{i}.bin": _records([i, i + 1] * 4) for i in range(1, 6)}
ARCHIVE = _archive({**BATCHES, "test_batch.bin": _records([9])})


def test_records_are_a_label_and_three_planes():
    batch = parse_batch(_records([3]), "f")
    assert batch["label"].tolist() == [3]
    assert batch["image"].shape == (1, 32, 32, 3)
    assert batch["image"][0, 0, :3].tolist() == [[255, 51, 0], [255, 51, 0], [255, 0, 0]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "`f` is damaged: its 0 bytes are no whole records of 3073"),
        (b"x" * 3074, "`f` is damaged: its 3074 bytes are no whole records of 3073"),
        (_records([3, 10]), "`f` is damaged: it holds the label 10"),
    ],
)
def test_records_that_are_none_are_refused(data, message, problem):
    with problem("GC503") as found:
        parse_batch(data, "f")
    assert found[0].message == message


def test_an_archive_that_lacks_a_batch_is_refused(problem):
    with problem("GC503") as found:
        parse_archive(_archive(BATCHES), "f")
    assert found[0].message == "`f` is damaged: it holds no `test_batch.bin`"
    with problem("GC503"):
        parse_archive(b"no archive", "f")


def test_the_archive_is_downloaded_and_checked(site, nowhere, monkeypatch, problem):
    packed = gzip.compress(ARCHIVE)
    site.serve("cifar.tar.gz", packed)
    known = KnownFile("cifar.tar.gz", site.url, hashlib.sha256(packed).hexdigest())
    monkeypatch.setitem(files.KNOWN, "cifar10", (known,))
    monkeypatch.setattr(Cifar10, "examples", 40)
    data = load(Cifar10(validation=0), ".")
    assert data.count("train") == 40 and data.count("test") == 1
    assert data.splits["train"]["image"].max() == 1
    assert (nowhere / "cifar10" / "cifar.tar.gz").exists()
    wrong = KnownFile("other.tar.gz", site.url, "0" * 64)
    site.serve("other.tar.gz", packed)
    monkeypatch.setitem(files.KNOWN, "cifar10", (wrong,))
    with problem("GC503"):
        load(Cifar10(), ".")


def test_the_jpeg_set_is_close_to_the_exact_one(real_sets):
    pytest.importorskip("PIL.Image")
    exact = np.load(real_sets / "cifar10-lossless-5k" / "cifar10_5k.npz")["test_images"][:300]
    with np.load(real_sets / "cifar10-jpeg" / "cifar10_jpeg.npz") as arrays:
        lossy = decode_joined(arrays["test_jpeg"], arrays["test_offsets"][:301], "f")
    assert lossy.shape == exact.shape
    assert abs(lossy.astype(float) - exact).mean() < 7
    assert Cifar10Jpeg().fields(".") == Cifar10Subset().fields(".")


def test_houses_are_those_of_scikit_learn(real_sets):
    data = load(CaliforniaHousing(normalize="none"), ".")
    assert {name: data.count(name) for name in data.splits} == {
        "train": 14861,
        "validation": 1651,
        "test": 4128,
    }
    raw = np.concatenate([each["features"] for each in data.splits.values()])
    first = raw[np.isclose(raw[:, 6], 37.88) & np.isclose(raw[:, 7], -122.23)]
    wanted = [8.3252, 41.0, 6.98412698, 1.02380952, 322.0, 2.55555556, 37.88, -122.23]
    assert np.isclose(first, wanted, rtol=1e-5).all(axis=1).any()
    assert data.splits["train"]["target"].max() == np.float32(5.00001)


@pytest.fixture
def pictures(tmp_path):
    image = pytest.importorskip("PIL.Image")

    def save(name, size=(6, 4), value=0):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.new("RGB", size, (value, 0, 255)).save(path)

    for k in range(10):
        save(f"pets/{'cat' if k % 2 else 'dog'}/{k}.png", value=10 * k)
    return save


def _folder(**attributes):
    return ImageFolder(**{"path": "pets", "test": 0, "validation": 0} | attributes)


def test_folders_are_classes(pictures, tmp_path):
    data = load(_folder(), str(tmp_path))
    assert data.fields == {"image": Type((4, 6, 3)), "label": Type((), "int", 2)}
    assert data.class_names == ("cat", "dog")
    train = data.splits["train"]
    assert train["label"].tolist() == [0] * 5 + [1] * 5
    np.testing.assert_allclose(train["image"][:, 0, 0, 0] * 25.5, [1, 3, 5, 7, 9, 0, 2, 4, 6, 8])


def test_grey_values_sizes_and_a_test_folder(pictures, tmp_path):
    pictures("more/dog/1.jpg", (9, 9))
    pictures("more/cat/1.gif", (8, 8))
    data = load(_folder(test_path="more", grey=True, resize=(5, 3), test=0.2), str(tmp_path))
    assert data.fields["image"] == Type((5, 3, 1))
    assert data.splits["test"]["label"].tolist() == [0, 1]


def _edit(change, problem, folder, code, **attributes):
    change()
    with problem(code) as found:
        load(_folder(**attributes), str(folder))
    return found[0].message.replace(str(folder), "FOLDER"), found[0].help


def test_an_image_of_another_size_is_named(pictures, tmp_path, problem):
    message, help = _edit(lambda: pictures("pets/cat/x.png", (7, 4)), problem, tmp_path, "GC516")
    assert message == "`FOLDER/pets/cat/x.png` is 4 by 7 pixels, and the others are 4 by 6"
    assert help == "write `resize: [4, 6]` to bring all images to one size"


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"0" * 50])
def test_an_image_that_is_none_is_named(pictures, tmp_path, problem, data):
    path = tmp_path / "pets" / "dog" / "x.png"
    message, _ = _edit(lambda: path.write_bytes(data), problem, tmp_path, "GC516")
    assert message.startswith("`FOLDER/pets/dog/x.png` cannot be read as an image: ")


def test_a_link_to_nothing_is_named(pictures, tmp_path, problem):
    link = tmp_path / "pets" / "dog" / "x.png"
    message, _ = _edit(lambda: link.symlink_to("nothing.png"), problem, tmp_path, "GC516")
    assert message.startswith("`FOLDER/pets/dog/x.png` cannot be read as an image: no such file")


def test_a_folder_that_is_not_as_it_should_be_is_named(pictures, tmp_path, problem):
    message, help = _edit(lambda: None, problem, tmp_path, "GC511", path="pet")
    assert message == "the data folder `FOLDER/pet` is not there"
    assert help == "a folder with a similar name exists: `pets`"
    message, _ = _edit(lambda: None, problem, tmp_path, "GC517", path="pets/cat")
    assert message == "`FOLDER/pets/cat` has no folder, and classes are two at least"
    pictures("more/bird/1.png"), pictures("more/dog/1.png")
    message, _ = _edit(lambda: None, problem, tmp_path, "GC515", test_path="more", test=0.2)
    assert message == "`FOLDER/more/bird` is a class that training has not"
    empty = tmp_path / "pets" / "emu"
    message, _ = _edit(empty.mkdir, problem, tmp_path, "GC516")
    assert message == "the folder `FOLDER/pets/emu` has no image"


CODE = """\
import numpy as np

def points(count=20, extra=False):
    x = np.arange(count * 2.0).reshape(count, 2)
    y = np.arange(count) % 3
    return {"x": x, "y": y} | ({"z": y} if extra else {})

def splits():
    return {"train": points(12), "test": points(6)}

def wrong():
    return {"x": np.zeros((3, 4)), "y": np.zeros(3, int)}

def texts():
    return {"x": np.zeros((3, 2)), "y": np.array(list("abc"))}

def uneven():
    return {"x": np.zeros((3, 2)), "y": np.zeros(4, int)}

def labels():
    return {"x": np.zeros((30, 2)), "y": np.arange(30) % 4}

def part():
    return {"train": {"x": np.zeros((3, 2))}}

def odd():
    return {"train": points(), "tset": points()}

def nothing():
    pass

def fails():
    return 1 / 0
"""
TYPES = (("x", Type((2,))), ("y", Type((), "int", 3)))


def _code(function, **attributes):
    return PythonData(
        **{"definition": f"points:{function}", "target": "y", "types": TYPES} | attributes
    )


def test_a_function_gives_arrays_that_are_split(table):
    folder = table(CODE, "points.py")
    data = load(_code("points", arguments=(("count", 30),)), folder)
    assert {name: data.count(name) for name in data.splits} == {
        "train": 21,
        "validation": 3,
        "test": 6,
    }
    data = load(_code("splits"), folder)
    assert {name: data.count(name) for name in data.splits} == {
        "train": 9,
        "validation": 3,
        "test": 6,
    }


WRONG = {
    "points": ("GC512", "returns for the split `train` a field `z` that is not declared"),
    "wrong": ("GC516", "`x` as [3, 4] of float64, and [examples, 2] of floats are declared"),
    "texts": ("GC516", "`y` as [3] of <U1, and [examples] of ints are declared"),
    "uneven": ("GC516", "equally many examples, at least one: `x` has 3, `y` has 4"),
    "labels": ("GC515", "`y` of the training data holds 3, example 4, but its values are 0 to 2"),
    "part": ("GC512", "returns for the split `train` no field `y`"),
    "odd": ("GC516", "returns a split `tset`"),
    "nothing": ("GC516", "`points:nothing` returns nothing, not a dict"),
    "fails": ("GC520", "`points:fails` raises ZeroDivisionError: division by zero"),
    "pionts": ("GC512", "points.py` has no function `pionts`"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_function_does_wrong_is_said(name, table, problem):
    code, message = WRONG[name]
    given = {"arguments": (("extra", True),)} if name == "points" else {}
    with problem(code) as found:
        load(_code(name, **given), table(CODE, "points.py"))
    assert message in found[0].message
    if name == "fails":
        assert found[0].notes[0].text.endswith("in `fails`, line 33: return 1 / 0")


def test_a_file_that_is_not_there_is_said_by_check(table, problem):
    with problem("GC511") as found:
        _code("points", definition="pionts:points").fields(table(CODE, "points.py"))
    assert found[0].message.endswith("pionts.py` is not there")
