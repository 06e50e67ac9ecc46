"""Data that stays on the disk is the data that is in memory, bit for bit."""

import numpy as np
import pytest

from graphc.core.diagnostic import RunError
from graphc.core.types import Type
from graphc.data import store, streaming
from graphc.data.load import load
from graphc.data.rows import Filed, Rows, pieces
from graphc.data.store import streams_folder
from graphc.data.summary import as_text, summary
from graphc.ops.sources import Csv, Digits, ImageFolder, Npz, Parquet, PythonData

COUNT = 300


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def same(one, two):
    """Whether two data sets are equal, the second one streamed."""
    assert two.streamed and not one.streamed
    assert one.scaling == two.scaling and one.missing == two.missing
    assert one.splits.keys() == two.splits.keys()
    assert np.array_equal(one.balanced, two.balanced) if one.balance else two.balanced is None
    for split, arrays in one.splits.items():
        for name, array in arrays.items():
            other = two.splits[split][name]
            assert (other.shape, other.dtype) == (array.shape, array.dtype)
            rows = np.array([len(array) - 1, 0, -1, 3])
            assert other[:].tobytes() == array.tobytes()
            assert other[rows].tobytes() == array[rows].tobytes()
            assert other[2].tobytes() == array[2].tobytes()
    return True


def both(source, folder, **attributes):
    """The data set in memory and streamed."""
    return (load(source(**attributes, stream=each), folder) for each in (False, True))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("normalize", ["none", "standard", "min_max"])
def test_an_npz_file(nowhere, tmp_path, draw, save, normalize):
    arrays = {
        "wide": draw.normal(5, 3, size=(COUNT, 7)),
        "image": draw.integers(0, 256, size=(COUNT, 4, 4, 1)).astype(np.uint8),
        "word": draw.integers(0, 50, size=(COUNT, 3)),
        "columns": np.asfortranarray(draw.normal(size=(COUNT, 2)).astype(np.float32)),
        "label": draw.integers(0, 3, size=COUNT),
    }
    save(tmp_path / "a.npz", **arrays)
    inputs = ("wide", "image", "word", "columns")
    chosen = {"path": "a.npz", "inputs": inputs, "pixels": ("image",), "target": "label"}
    assert same(*both(Npz, str(tmp_path), **chosen, normalize=normalize))


def test_a_quantity_of_an_npz_file_is_not_read_at_once(nowhere, tmp_path, draw):
    np.savez(tmp_path / "a.npz", x=draw.normal(size=(COUNT, 2)), y=draw.normal(size=COUNT))
    chosen = {"path": "a.npz", "inputs": ("x",), "target": "y", "kind": "number"}
    one, two = both(Npz, str(tmp_path), **chosen)
    assert same(one, two) and isinstance(two.splits["train"]["y"], Rows)


@pytest.mark.parametrize("kind", [Csv, Parquet])
def test_a_table(nowhere, tmp_path, draw, kind, monkeypatch):
    monkeypatch.setattr("graphc.data.tables._AT_ONCE", 64)
    numbers = draw.normal(1e6, 2, size=(COUNT, 2)).tolist()
    rows = [
        (repr(a) if i % 7 else "", repr(b), "uvw"[i % 3], f"group {i // 10}", i % 2)
        for i, (a, b) in enumerate(numbers)
    ]
    header = ("a", "b", "kind", "group", "label")
    write(kind, tmp_path, header, rows)
    chosen = {"path": "table", "target": "label", "one_hot": ("kind",), "group": "group"}
    missing = (("a", "median"),)
    for part in ({"test": 0.2}, {"folds": 3, "fold": 1}):
        assert same(*both(kind, str(tmp_path), **chosen, missing=missing, **part))
    assert len(list(streams_folder().iterdir())) == 1


def write(kind, folder, header, rows):
    if kind is Csv:
        lines = (",".join(map(str, row)) for row in (header, *rows))
        (folder / "table").write_text("\n".join(lines), encoding="utf-8")
        return
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = list(zip(*rows, strict=True))
    columns[0] = [float(each) if each else None for each in columns[0]]
    columns[1] = list(map(float, columns[1]))
    parquet.write_table(arrow.table(dict(zip(header, columns, strict=True))), folder / "table")


def test_a_folder_of_images(nowhere, tmp_path, draw):
    pillow = pytest.importorskip("PIL.Image")
    for i in range(80):
        folder = tmp_path / "pets" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = draw.integers(0, 256, size=(6, 6, 3)).astype(np.uint8)
        pillow.fromarray(pixels).save(folder / f"{i}.png")
    assert same(*both(ImageFolder, str(tmp_path), path="pets", normalize="standard"))


def test_what_is_in_memory_can_be_given_in_parts_too():
    assert same(*both(Digits, ".", balance=True))


def test_a_mapped_array_of_a_function_stays_where_it_is(tmp_path, draw):
    np.save(tmp_path / "x.npy", draw.integers(0, 9, size=(COUNT, 5)).astype(np.uint8))
    (tmp_path / "big.py").write_text(
        "import numpy as np\n"
        "def read(file):\n"
        "    x = np.load(file, mmap_mode='r')\n"
        "    return {'x': x, 'label': np.arange(len(x)) % 2}\n"
    )
    chosen = {
        "definition": "big:read",
        "arguments": (("file", str(tmp_path / "x.npy")),),
        "target": "label",
        "types": (("x", Type((5,))), ("label", Type((), "int", 2))),
    }
    assert same(*both(PythonData, str(tmp_path), **chosen))


def test_a_summary_is_the_same(nowhere, tmp_path, draw):
    x = draw.normal(size=(COUNT, 3))
    np.savez_compressed(tmp_path / "a.npz", x=x, y=np.arange(COUNT) % 3)
    texts = []
    for stream in (False, True):
        source = Npz(path="a.npz", inputs=("x",), target="y", stream=stream)
        texts.append(as_text(summary(source, load(source, str(tmp_path)))))
    assert texts[1].replace("examples, streamed:", "examples:") == texts[0] != texts[1]


def test_what_was_written_is_used_again_unless_it_was_changed(nowhere, tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(20.0)[:, None], y=np.arange(20) % 2)
    source = Npz(path="a.npz", inputs=("x",), target="y", stream=True)
    first = load(source, str(tmp_path))
    (folder,) = streams_folder().iterdir()
    written = []
    fill = store._fill
    monkeypatch.setattr(store, "_fill", lambda *all: written.append(all) or fill(*all))
    load(source, str(tmp_path))
    assert not written
    largest = max(folder.glob("*.bin"), key=lambda each: each.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[5] ^= 1
    largest.write_bytes(data)
    again = load(source, str(tmp_path))
    assert len(written) == 1
    assert np.array_equal(again.splits["train"]["x"][:], first.splits["train"]["x"][:])


def test_a_cache_that_cannot_be_written_is_said(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    np.savez_compressed(tmp_path / "a.npz", x=np.ones((9, 1)), y=np.arange(9) % 2)
    with pytest.raises(RunError, match="GC530"):
        load(Npz(path="a.npz", inputs=("x",), target="y", stream=True), str(tmp_path))


@pytest.mark.parametrize("shape", [(500,), (500, 3), (500, 2, 4000)])
def test_rows_of_a_file_are_those_of_the_array(tmp_path, draw, shape):
    array = draw.normal(size=shape)
    (tmp_path / "a").write_bytes(b"head" + array.tobytes())
    filed = Filed(str(tmp_path / "a"), array.dtype, shape, 4)
    for rows in (draw.integers(-1, 500, size=90), np.arange(500), np.array([7]), np.array([], int)):
        assert filed[rows].tobytes() == array[rows].tobytes()
    assert filed[490:900].tobytes() == array[490:].tobytes()
    several = list(pieces(filed))
    assert np.concatenate([piece for _, piece in several]).tobytes() == array.tobytes()


def test_a_file_that_becomes_shorter_is_said(tmp_path):
    (tmp_path / "a").write_bytes(bytes(80))
    filed = Filed(str(tmp_path / "a"), np.dtype(np.float64), (10,))
    (tmp_path / "a").write_bytes(bytes(40))
    with pytest.raises(RunError, match="was cut"):
        filed[np.array([9])]


@pytest.mark.parametrize(
    ("free", "device", "streamed"),
    [(10**9, None, False), (10**6, None, True), (10**9, 10**6, False), (10**9, 10**5, True)],
)
def test_auto_asks_how_much_memory_there_is(monkeypatch, free, device, streamed):
    monkeypatch.setattr(streaming, "available", lambda: free)
    assert load(Digits(), ".", device=device).streamed == streamed
