"""Where published sets are looked for, and what is said where they are not."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from graphc.core.diagnostic import RunError
from graphc.core.span import Source, Span
from graphc.data import files
from graphc.data.files import KNOWN, KnownFile, candidates, locate
from graphc.data.load import load
from graphc.ops.sources import Cifar10Subset, Mnist, Usps


def _idx(array):
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + bytes(array))


@pytest.fixture
def small(monkeypatch, site):
    """MNIST of 40 and 20 examples, its files served by this machine."""
    labels = np.arange(40, dtype=np.uint8) % 10
    images = np.repeat(labels, 28 * 28).reshape(40, 28, 28)
    bodies = [_idx(each) for each in (images, labels, images[:20], labels[:20])]
    known = tuple(
        KnownFile(file.name, site.url, hashlib.sha256(body).hexdigest())
        for file, body in zip(KNOWN["mnist"], bodies, strict=True)
    )
    monkeypatch.setitem(files.KNOWN, "mnist", known)
    for file, body in zip(known, bodies, strict=True):
        site.serve(file.name, body)
    return dict(zip([file.name for file in known], bodies, strict=True))


def _store(folder, bodies):
    folder.mkdir(parents=True)
    for name, body in bodies.items():
        (folder / name).write_bytes(body)


def test_the_order_is_data_dir_then_environment_then_cache(nowhere, monkeypatch, tmp_path):
    monkeypatch.setenv("GRAPHC_DATA", str(tmp_path / "env"))
    assert candidates(Mnist(data_dir="own"), str(tmp_path)) == [
        tmp_path / "own" / "mnist",
        tmp_path / "own",
        tmp_path / "env" / "mnist",
        nowhere / "mnist",
    ]


def test_the_cache_is_in_the_home_folder_without_the_variable(nowhere, monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert candidates(Usps(), ".") == [tmp_path / ".cache" / "graphc" / "data" / "usps"]


def test_the_first_folder_with_all_files_wins(nowhere, monkeypatch, tmp_path, small):
    monkeypatch.setenv("GRAPHC_DATA", str(tmp_path / "env"))
    _store(tmp_path / "env" / "mnist", small)
    (tmp_path / "own").mkdir()
    source = Mnist(data_dir=str(tmp_path / "own"), download=False)
    assert locate(source, ".") == tmp_path / "env" / "mnist"
    _store(tmp_path / "own" / "mnist", small)
    assert locate(source, ".") == tmp_path / "own" / "mnist"


def test_a_set_that_is_nowhere_names_every_folder(nowhere, monkeypatch, tmp_path, problem):
    monkeypatch.setenv("GRAPHC_DATA", str(tmp_path / "env"))
    (tmp_path / "own").mkdir()
    with problem("GC502") as found:
        load(Usps(data_dir="own", download=False), str(tmp_path))
    assert found[0].message == "the data set `usps` was not found"
    assert [str(note) for note in found[0].notes] == [
        f"looked in `{tmp_path}/own/usps`, which is not there",
        f"looked in `{tmp_path}/own`, which lacks `zip.train.gz`, `zip.test.gz`",
        f"looked in `{tmp_path}/env/usps`, which is not there",
        f"looked in `{nowhere}/usps`, which is not there",
    ]
    assert found[0].help == (
        "set GRAPHC_DATA to a folder that holds `usps/`, or `data_dir` of `usps`,"
        " or write `download: true`"
    )


def test_a_set_that_is_served_nowhere_says_which_file_is_looked_for(nowhere, problem):
    with problem("GC502") as found:
        load(Cifar10Subset(), ".")
    assert found[0].message == "the data set `cifar10_subset` was not found"
    folder = nowhere / "cifar10-lossless-5k"
    assert [str(note) for note in found[0].notes] == [f"looked in `{folder}`, which is not there"]
    assert found[0].help == (
        "set GRAPHC_DATA to a folder that holds `cifar10-lossless-5k/cifar10_5k.npz`,"
        " or `data_dir` of `cifar10_subset`"
    )


def test_another_file_in_the_place_of_one_without_an_address_is_damaged(nowhere, problem):
    _store(nowhere / "cifar10-lossless-5k", {"cifar10_5k.npz": b"PK"})
    with problem("GC503") as found:
        load(Cifar10Subset(), ".")
    assert "cifar10_5k.npz` is damaged: its SHA-256 starts with" in found[0].message


def test_the_problem_stands_where_the_spec_names_the_source(nowhere):
    span = Span(Source("a.yaml", "data: usps"), 1, 7, 1, 11)
    with pytest.raises(RunError) as caught:
        load(Usps(download=False), ".", span)
    assert "--> a.yaml:1:7" in str(caught.value)


def test_a_set_is_downloaded_into_the_cache_once(nowhere, small, site):
    data = load(Mnist(validation=10), ".")
    assert {path.name for path in (nowhere / "mnist").iterdir()} == set(small)
    assert data.count("train") == 30
    site.server.bodies.clear()
    assert load(Mnist(validation=10, download=False), ".").count("test") == 20


def test_a_set_is_downloaded_into_data_dir_where_that_is_given(nowhere, small, tmp_path):
    load(Mnist(validation=10, data_dir="own"), str(tmp_path))
    assert {path.name for path in (tmp_path / "own" / "mnist").iterdir()} == set(small)
    assert not nowhere.exists()


def test_only_missing_files_are_downloaded(nowhere, small, site):
    first, *_ = small
    _store(nowhere / "mnist", {first: small[first]})
    del site.server.bodies[first]
    load(Mnist(validation=10), ".")


def test_a_download_that_fails_says_where_the_set_was_looked_for(nowhere, small, site, problem):
    site.server.bodies.clear()
    with problem("GC504") as found:
        load(Mnist(), ".")
    assert found[0].message.endswith("failed: the server answered 404 Not Found")
    assert [str(note) for note in found[0].notes] == [
        f"looked in `{nowhere}/mnist`, which is not there"
    ]
    assert "set GRAPHC_DATA" in found[0].help


def test_a_file_with_another_checksum_is_damaged(nowhere, small, problem):
    name = next(iter(small))
    _store(nowhere / "mnist", small | {name: small[name] + b"x"})
    with problem("GC503") as found:
        load(Mnist(), ".")
    assert f"`{nowhere}/mnist/{name}` is damaged: its SHA-256 starts with" in found[0].message
    assert found[0].help == "delete it and get it again"


def test_images_and_labels_must_belong_together(nowhere, small, monkeypatch, problem):
    images, *others = files.KNOWN["mnist"]
    body = _idx(np.zeros((3, 28, 28), np.uint8))
    known = KnownFile(images.name, images.site, hashlib.sha256(body).hexdigest())
    monkeypatch.setitem(files.KNOWN, "mnist", (known, *others))
    _store(nowhere / "mnist", small | {images.name: body})
    with problem("GC503") as found:
        load(Mnist(), ".")
    assert "images [3, 28, 28] and labels [40] do not belong together" in found[0].message
