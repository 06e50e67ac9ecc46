"""The formats of MNIST and USPS, strict to the byte; and the real sets."""

import gzip
import struct

import numpy as np
import pytest

from graphc.data.files import inflate
from graphc.data.images import parse_idx, parse_usps
from graphc.data.load import load
from graphc.ops.sources import Cifar10Subset, FashionMnist, Mnist, Usps


def _idx(array, magic=(0, 0, 8)):
    return bytes([*magic, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)


def test_an_idx_file_is_read():
    array = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert (parse_idx(_idx(array), "f") == array).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "`f` is damaged: it starts with , which is no IDX file of bytes"),
        (
            _idx(np.zeros(2, np.uint8), (0, 0, 13)),
            "`f` is damaged: it starts with 00 00 0d 01, which is no IDX file of bytes",
        ),
        (
            _idx(np.zeros(2, np.uint8), (1, 0, 8)),
            "`f` is damaged: it starts with 01 00 08 01, which is no IDX file of bytes",
        ),
        (_idx(np.zeros((2, 2), np.uint8))[:9], "`f` is damaged: it ends within its header"),
        (
            _idx(np.zeros((2, 2), np.uint8))[:-1],
            "`f` is damaged: its header says [2, 2] values, and 3 bytes follow",
        ),
        (
            _idx(np.zeros((2, 2), np.uint8)) + b"\0",
            "`f` is damaged: its header says [2, 2] values, and 5 bytes follow",
        ),
    ],
)
def test_an_idx_file_that_is_not_as_its_header_says_is_refused(problem, data, message):
    with problem("GC503") as found:
        parse_idx(data, "f")
    assert found[0].message == message


@pytest.mark.parametrize(
    "data", [gzip.compress(b"x" * 100, mtime=0)[:-9], b"plain text", b"\x1f\x8b\x08"]
)
def test_a_gzip_file_that_is_cut_off_or_none_is_refused(problem, data):
    with problem("GC503") as found:
        inflate(data, "f.gz")
    assert found[0].message.startswith("`f.gz` is damaged: ")


def _usps(label="3", grey="0.5", count=256):
    return f"{label} {' '.join([grey] * count)}\n".encode()


def test_a_usps_file_is_read():
    found = parse_usps(_usps("3.0000") + _usps("9", "-1.0"), "f")
    assert found["label"].tolist() == [3, 9]
    assert found["image"].shape == (2, 16, 16, 1)
    assert found["image"][1].max() == -1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\n", "it is empty"),
        (_usps(count=255), "its lines have 256 numbers, not 257"),
        (_usps() + _usps(count=255), "the number of columns changed"),
        (_usps(grey="x"), "could not convert string"),
        (_usps("10"), "a line does not start with a digit"),
        (_usps("1.5"), "a line does not start with a digit"),
        (_usps(grey="1.5"), "a grey value is outside -1..1"),
        (_usps(grey="nan"), "a grey value is outside -1..1"),
    ],
)
def test_a_usps_file_with_other_lines_is_refused(problem, data, message):
    with problem("GC503") as found:
        parse_usps(data, "f")
    assert found[0].message.startswith(f"`f` is damaged: {message}")


@pytest.mark.parametrize(
    ("source", "sizes", "shape"),
    [
        (Mnist(), (54000, 6000, 10000), (28, 28, 1)),
        (FashionMnist(), (54000, 6000, 10000), (28, 28, 1)),
        (Usps(), (6562, 729, 2007), (16, 16, 1)),
        (Cifar10Subset(), (3600, 400, 1000), (32, 32, 3)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_real_set_is_as_declared(real_sets, source, sizes, shape):
    data = load(source, ".")
    assert data.fields == source.fields(".")
    assert tuple(data.count(each) for each in ("train", "validation", "test")) == sizes
    for arrays in data.splits.values():
        assert arrays["image"].shape[1:] == shape
        assert (arrays["image"].dtype, arrays["label"].dtype) == (np.float32, np.int32)
        assert arrays["image"].max() == 1
        assert set(arrays["label"]) == set(range(10))
    assert len(data.class_names) == 10


def test_the_validation_part_of_mnist_holds_each_digit_in_its_share(real_sets):
    data = load(Mnist(), ".")
    train, held = (np.bincount(data.splits[each]["label"]) for each in ("train", "validation"))
    np.testing.assert_allclose(held / (train + held), 0.1, atol=1e-3)


def test_the_pixels_of_mnist_have_the_published_mean(real_sets):
    data = load(Mnist(validation=0), ".")
    assert abs(data.splits["train"]["image"].mean(dtype=np.float64) - 0.1307) < 1e-4
