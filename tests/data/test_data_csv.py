"""csv files: columns, classes, and every way in which a table is none."""

import numpy as np
import pytest

from graphc.core.types import Type
from graphc.data.load import load
from graphc.ops.sources import Csv

HEADER = "name,length,width,species"
ROWS = [f"n{i},{i}.5,{i * i},{'abc'[i % 3]}" for i in range(30)]
FLOWERS = "\n".join([HEADER, *ROWS]) + "\n"


def _csv(**attributes):
    return Csv(**{"path": "table.csv", "target": "species"} | attributes)


def test_columns_of_text_are_left_out_and_the_target_names_its_field(table):
    fields = _csv().fields(table(FLOWERS))
    assert fields == {"features": Type((2,)), "species": Type((), "int", 3)}


def test_features_keep_the_order_in_which_they_are_listed(table):
    source = _csv(features=("width", "length"), normalize="none", validation=0, test=0)
    features = load(source, table(FLOWERS)).splits["train"]["features"]
    assert features[3].tolist() == [9.0, 3.5]


def test_splits_are_stratified_and_scaled(table):
    data = load(_csv(), table(FLOWERS))
    assert data.class_names == ("a", "b", "c")
    assert data.target == "species"
    for name, each in (("train", 7), ("validation", 1), ("test", 2)):
        assert np.bincount(data.splits[name]["species"]).tolist() == [each] * 3
    np.testing.assert_allclose(data.splits["train"]["features"].mean(axis=0), 0, atol=1e-6)


def test_a_quantity_is_a_float_for_one_output(table):
    source = _csv(target="width", kind="number", validation=0, test=0)
    data = load(source, table(FLOWERS))
    assert data.fields == {"features": Type((1,)), "width": Type((1,))}
    assert data.splits["train"]["width"][:3].tolist() == [[0.0], [1.0], [4.0]]
    assert data.class_names is None


def test_classes_that_are_numbers_are_sorted_as_numbers(table):
    text = "x,y\n" + "".join(f"{i},{(10, 9, -1)[i % 3]}\n" for i in range(9))
    assert _csv(target="y").columns(table(text)).classes == ("-1", "9", "10")


def test_a_test_file_is_the_test_split(table):
    table("x,species,extra\n7,b,1\n8,a,1\n", "other.csv")
    folder = table("x,species\n1,a\n2,b\n3,a\n4,b\n")
    source = _csv(test_path="other.csv", validation=0, normalize="none")
    data = load(source, folder)
    assert data.count("train") == 4
    assert data.splits["test"]["features"].tolist() == [[7.0], [8.0]]
    assert data.splits["test"]["species"].tolist() == [1, 0]


def test_spaces_blank_lines_quotes_and_a_byte_order_mark_do_not_matter(table):
    text = '\ufeffx, "species"\r\n 1 , "a, b"\r\n\r\n2,c\r\n'
    # A quote counts where it starts a cell.
    text = text.replace(', "', ',"')
    source = _csv(validation=0, test=0, normalize="none")
    data = load(source, table(text))
    assert data.class_names == ("a, b", "c")
    assert data.splits["train"]["features"].tolist() == [[1.0], [2.0]]


def test_other_delimiters(table):
    source = _csv(delimiter="semicolon", validation=0, test=0)
    assert load(source, table("x;species\n1;a\n2;b\n")).count("train") == 2


def test_paths_start_from_the_folder_of_the_spec(table, tmp_path, monkeypatch):
    table(FLOWERS)
    monkeypatch.chdir(tmp_path.parent)
    assert _csv(path=f"{tmp_path.name}/table.csv").fields(".")
    assert _csv(path=str(tmp_path / "table.csv")).fields("elsewhere")


TWO = "x,z,species\n1,2,a\n3,4,b\n"
CASES = {
    "a path that is not there": (
        _csv(path="tabel.csv"), TWO, "GC511",
        "the data file `FOLDER/tabel.csv` is not there",
        "a file with a similar name exists: `table.csv`",
    ),
    "a folder": (
        _csv(path="."), TWO, "GC511",
        "the data file `FOLDER/.` is a folder, not a file",
        "a path starts from the folder of the spec",
    ),
    "an unknown target": (
        _csv(target="specie"), TWO, "GC512",
        "`FOLDER/table.csv` has no column `specie`",
        "a column with a similar name exists: `species`",
    ),
    "an unknown feature": (
        _csv(features=("x", "q")), TWO, "GC512",
        "`FOLDER/table.csv` has no column `q`",
        "its columns are `x`, `z`, `species`",
    ),
    "a feature that is the target": (
        _csv(features=("x", "species")), TWO, "GC512",
        "the column `species` is used twice, in `features` or as the target",
        "name it once",
    ),
    "no columns of numbers": (
        _csv(), "x,species\nu,a\nv,b\n", "GC512",
        "no column of `FOLDER/table.csv` besides `species` holds numbers",
        "add a column of numbers to learn from, or name columns in `one_hot`",
    ),
    "a target called features": (
        _csv(target="features"), "x,features\n1,a\n2,b\n", "GC512",
        "the target's field would be called `features`, as the features are",
        "rename the column",
    ),
    "a column without a name": (
        _csv(), ",x,species\n0,1,a\n1,2,b\n", "GC516",
        "column 1 of `FOLDER/table.csv` has no name",
        "name it, or list the columns to use in `features`",
    ),
    "a value that is no number": (
        _csv(validation=0), "x,z,species\n1,2,a\n3,?,b\n5,6,a\n7,8,b\n", "GC513",
        "`FOLDER/table.csv` line 3 has `?` in column `z`, which is no number",
        "repair it, or list the columns to use in `features`",
    ),
    "a number with an underscore": (
        _csv(validation=0), "x,z,species\n1,2,a\n3,1_0,b\n5,6,a\n7,8,b\n", "GC513",
        "`FOLDER/table.csv` line 3 has `1_0` in column `z`, which is no number",
        "repair it, or list the columns to use in `features`",
    ),
    "a missing value": (
        _csv(validation=0), "x,z,species\n1,2,a\n3,,b\n5,6,a\n7,8,b\n", "GC513",
        "`FOLDER/table.csv` line 3 has no value in column `z`",
        "fill it in, drop the row, or say with `missing` what becomes of it",
    ),
    "a missing class": (
        _csv(), "x,species\n1,a\n2,\n", "GC513",
        "`FOLDER/table.csv` line 3 has no value in column `species`",
        "fill it in, drop the row, or say with `missing` what becomes of it",
    ),
    "a missing quantity": (
        _csv(kind="number"), "x,species\n1,3\n2,\n", "GC513",
        "`FOLDER/table.csv` line 3 has no value in column `species`",
        "fill it in, drop the row, or say with `missing` what becomes of it",
    ),
    "a class in place of a quantity": (
        _csv(kind="number"), "x,species\n1,a\n2,b\n", "GC513",
        "`FOLDER/table.csv` line 2 has `a` in column `species`, which is no number",
        "repair it; a target that names classes has `kind: classes`",
    ),
    "a value that is not finite": (
        _csv(validation=0), "x,species\n1,a\nnan,b\n3,a\n4,b\n", "GC514",
        "`FOLDER/table.csv` line 3 has `nan` in column `x`, which is no finite float32",
        "drop the row or repair the number",
    ),
    "a value beyond float32": (
        _csv(validation=0), "x,species\n1,a\n1e39,b\n3,a\n4,b\n", "GC514",
        "`FOLDER/table.csv` line 3 has `1e39` in column `x`, which is no finite float32",
        "drop the row or repair the number",
    ),
    "an empty file": (_csv(), "", "GC516", "`FOLDER/table.csv` is empty", None),
    "a header alone": (
        _csv(), "x,species\n", "GC516", "`FOLDER/table.csv` has a header but no rows", None,
    ),
    "a ragged row": (
        _csv(), "x,species\n1,a\n2,b,c\n", "GC516",
        "`FOLDER/table.csv` line 3 has 3 cells, but its header 2", None,
    ),
    "two columns of one name": (
        _csv(), "x,x,species\n1,2,a\n", "GC516",
        "`FOLDER/table.csv` has two columns `x`", "rename one of them",
    ),
    "an open quote": (
        _csv(), 'x,species\n1,"a\n', "GC516",
        "`FOLDER/table.csv` is no csv file in UTF-8: a quote is never closed", None,
    ),
    "one class only": (
        _csv(), "x,species\n1,a\n2,a\n", "GC517",
        "every row of `FOLDER/table.csv` has the same class in column `species`", None,
    ),
    "a class with one row": (
        _csv(), "x,species\n1,a\n2,a\n3,b\n4,c\n5,c\n", "GC517",
        "only one row of `FOLDER/table.csv` has the class `b`, so splits cannot share it",
        "drop the row or add another of the class",
    ),
    "a quantity taken for classes": (
        _csv(), "x,species\n1,0.1\n2,0.2\n3,0.3\n", "GC517",
        "only one row of `FOLDER/table.csv` has the class `0.1`, so splits cannot share it",
        "a target that is a quantity has `kind: number`",
    ),
    "splits that take all rows": (
        _csv(test=4, validation=1), "x,species\n1,a\n2,a\n3,b\n4,b\n", "GC518",
        "no example is left to train on: of 4, 4 are held out for the test and 1 for the"
        " validation",
        "hold out fewer",
    ),
    "test and test_path": (
        _csv(test=0.5, test_path="other.csv"), TWO, "GC518",
        "`test` and `test_path` exclude each other", "drop one of them",
    ),
    "a test file that is not there": (
        _csv(test_path="missing", validation=0), TWO, "GC511",
        "the data file `FOLDER/missing` is not there",
        "a path starts from the folder of the spec",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_table_is_refused_for(name, table, problem):
    source, text, code, message, help = CASES[name]
    folder = table(text)
    with problem(code) as found:
        load(source, folder)
    assert found[0].message.replace(folder, "FOLDER") == message
    assert found[0].help == help


def test_a_class_that_training_has_not_is_refused(table, problem):
    table("x,species\n7,c\n", "other.csv")
    folder = table("x,species\n1,a\n2,b\n")
    with problem("GC515") as found:
        load(_csv(test_path="other.csv", validation=0), folder)
    assert found[0].message == (
        f"`{folder}/other.csv` line 2 has the class `c` in column `species`,"
        " which the training file has not"
    )
    assert found[0].help == "the classes are `a`, `b`"


def test_bytes_that_are_no_text_are_refused(tmp_path, problem):
    (tmp_path / "table.csv").write_bytes(b"x,species\n\xff\xfe,a\n")
    with problem("GC516") as found:
        load(_csv(), str(tmp_path))
    assert "is no csv file in UTF-8" in found[0].message


def test_fields_read_no_further_than_they_must(table):
    text = "x,y\n1,2\n" + "ragged\n"
    assert _csv(target="y", kind="number").fields(table(text))
