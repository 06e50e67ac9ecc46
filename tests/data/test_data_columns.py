"""Tables with mixed columns: categories, booleans, missing values, groups and given splits."""

import json

import numpy as np
import pytest

from graphc.core.types import Type
from graphc.data.dataset import Form
from graphc.data.load import load
from graphc.data.tables import rows_to_predict
from graphc.ops.sources import Csv, Parquet

TABLE = """\
age,sex,port,member,day,use,alive
20,f,b,true,mo,train,1
,m,a,false,mo,train,0
30,f,,true,tu,train,1
50,m,c,FALSE,tu,test,0
20,f,b,true,we,test,1
40,m,a,false,we,validation,0
"""
PLAIN = {"test": 0, "validation": 0, "normalize": "none"}


def _csv(**attributes):
    return Csv(**{"path": "table.csv", "target": "alive"} | attributes)


def _mixed(**attributes):
    chosen = {"features": ("age", "member"), "one_hot": ("sex",), "index": ("port",)}
    gaps = (("age", "mean"), ("port", "category"))
    return _csv(**chosen | {"missing": gaps} | PLAIN | attributes)


def test_numbers_truths_and_categories_make_one_field_and_an_index_its_own(table):
    data = load(_mixed(), table(TABLE))
    assert data.fields == {
        "features": Type((4,)),
        "port": Type((), "int", 4),
        "alive": Type((), "int", 2),
    }
    train = data.splits["train"]
    assert train["features"][0].tolist() == [20, 1, 1, 0]
    assert train["features"][1].tolist() == [32, 0, 0, 1]  # the mean of the others
    assert train["port"].tolist() == [1, 0, 3, 2, 1, 0]  # 3: the missing one


def test_true_and_false_are_numbers_where_no_features_are_named(table):
    source = _csv(missing="median", one_hot=("sex", "port"), **PLAIN)
    with pytest.raises(Exception, match="line 4 has no value in column `port`"):
        load(source, table(TABLE))
    data = load(_csv(missing="median", one_hot=("sex",), **PLAIN), table(TABLE))
    assert data.columns.numbers == ("age", "member")
    assert data.splits["train"]["features"][1].tolist() == [30, 0, 0, 1]


def test_rows_with_gaps_are_dropped(table):
    source = _csv(features=("age",), one_hot=("port",), missing="drop", **PLAIN)
    assert load(source, table(TABLE)).count("train") == 4


def test_what_is_filled_in_is_measured_on_the_training_part(table):
    data = load(_mixed(split="use", test=0.2, validation=0.1, normalize="standard"), table(TABLE))
    assert {name: data.count(name) for name in data.splits} == {
        "train": 3,
        "validation": 1,
        "test": 2,
    }
    assert data.scaling.fills["features"] == (25.0, None, None, None)
    moments = data.scaling.moments["features"]
    assert moments.mean[0] == 25.0
    assert moments.mean[2:] == (0, 0) and moments.deviation[2:] == (1, 1)


def test_groups_are_not_divided(table):
    rows = "".join(f"{i},g{i // 5},{i % 2}\n" for i in range(50))
    source = _csv(group="g", features=("x",), test=0.3, validation=0.2, normalize="none")
    splits = load(source, table("x,g,alive\n" + rows)).splits
    groups = [set((splits[name]["features"][:, 0] // 5).tolist()) for name in splits]
    assert [len(each) for each in groups] == [6, 1, 3]
    assert len(set.union(*groups)) == 10


def test_a_column_of_groups_is_not_learnt_from(table):
    rows = "".join(f"{i},{i // 5},{i % 2}\n" for i in range(50))
    assert _csv(group="g").columns(table("x,g,alive\n" + rows)).numbers == ("x",)


def test_min_max_brings_the_training_part_to_0_to_1(table):
    rows = "".join(f"{i},{i % 2}\n" for i in range(50))
    data = load(_csv(normalize="min_max", test=0, validation=0), table("x,alive\n" + rows))
    features = data.splits["train"]["features"]
    assert features.min() == 0 and features.max() == 1


def test_a_form_survives_json_and_prepares_as_training_did(table):
    folder = table(TABLE)
    data = load(_mixed(normalize="standard"), folder)
    form = Form.from_dict(json.loads(json.dumps(data.as_dict())))
    assert form.as_dict() == data.as_dict()
    lines = iter(
        [("header", ["member", "port", "sex", "age"]), ("line 2", ["true", "b", "f", "20"])]
    )
    found = rows_to_predict(_mixed(), form.columns, "new.csv", lines)
    scaled = form.scaling.apply(found)
    for name in ("features", "port"):
        assert (scaled[name][0] == data.splits["train"][name][0]).all()


def test_a_data_set_is_scaled_as_a_form_says(table):
    folder = table(TABLE)
    form = load(_mixed(normalize="standard"), folder)
    table(TABLE.replace("50,m", "500,m"))
    again = load(_mixed(normalize="standard"), folder, form=form)
    assert again.scaling is form.scaling
    table(TABLE.replace("50,m", "50,x"))
    with pytest.raises(Exception, match="the category `x` in column `sex`"):
        load(_mixed(normalize="standard"), folder, form=form)


def _predict(cells, **attributes):
    header = ("header", ["age", "member", "sex", "port"])
    columns = Csv.columns(_mixed(), attributes.pop("folder"))
    return rows_to_predict(
        _mixed(**attributes), columns, "new.csv", iter([header, ("line 2", cells)])
    )


def test_a_category_that_training_had_not_is_an_error(table, problem):
    folder = table(TABLE)
    with problem("GC515") as found:
        _predict(["1", "true", "male", "a"], folder=folder)
    assert found[0].message == (
        "`new.csv` line 2 has the category `male` in column `sex`, which the training file has not"
    )
    assert found[0].help == "the categories are `f`, `m`"


def test_or_it_counts_as_missing(table):
    found = _predict(["1", "true", "f", "z"], folder=table(TABLE), unknown="missing")
    assert found["port"].tolist() == [3]


BAD = {
    "a gap": (
        {"features": ("age",)}, "GC513",
        "`FOLDER/table.csv` line 3 has no value in column `age`",
        "fill it in, drop the row, or say with `missing` what becomes of it",
    ),
    "a mean of categories": (
        {"one_hot": ("sex",), "missing": (("sex", "mean"),)}, "GC512",
        "`missing` says `mean` for `sex`, which is a column of categories",
        "write `category`, `drop`, `error`",
    ),
    "a category of numbers": (
        {"missing": (("age", "category"),)}, "GC512",
        "`missing` says `category` for `age`, which is a column of numbers",
        "write `mean`, `median`, `drop`, `error`",
    ),
    "a target that is filled in": (
        {"missing": (("alive", "mean"),)}, "GC512",
        "`missing` says `mean` for `alive`, which is the target",
        "write `drop`, `error`",
    ),
    "a policy for no column": (
        {"missing": (("agee", "mean"),)}, "GC512",
        "`FOLDER/table.csv` has no column `agee`",
        "a column with a similar name exists: `age`",
    ),
    "a column of groups that is not there": (
        {"group": "days"}, "GC512",
        "`FOLDER/table.csv` has no column `days`",
        "a column with a similar name exists: `day`",
    ),
    "a split that is none": (
        {"features": ("member",), "split": "sex"}, "GC515",
        "`FOLDER/table.csv` line 2 has `f` in column `sex`, which is no split",
        "the splits are `train`, `validation`, `test`",
    ),
    "a column used twice": (
        {"one_hot": ("sex",), "index": ("sex",)}, "GC512",
        "the column `sex` is used twice",
        "name it once",
    ),
    "too few groups": (
        {"features": ("member",), "group": "sex", "test": 0.3, "validation": 0.3}, "GC518",
        "2 groups cannot be shared among 3 splits",
        "hold nothing out for the test or the validation: `test: 0`, `validation: 0`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_mixed_columns_are_refused_for(name, table, problem):
    attributes, code, message, help = BAD[name]
    folder = table(TABLE)
    with problem(code) as found:
        load(_csv(**PLAIN | attributes), folder)
    assert found[0].message.replace(folder, "FOLDER") == message
    assert found[0].help == help


def test_every_row_dropped_is_an_error(table, problem):
    with problem("GC518") as found:
        load(_csv(features=("x",), missing="drop", kind="number"), table("x,alive\n,1\n,2\n"))
    assert "every row of" in found[0].message


def test_a_parquet_file_is_read_as_a_table(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    from graphc.ops.sources import Parquet

    columns = {
        "age": [20.5, None, 30.25, 1 / 3],
        "sex": ["f", "m", None, "m"],
        "member": [True, False, True, False],
        "alive": [1, 0, 1, 0],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    source = Parquet(
        path="t.parquet",
        target="alive",
        one_hot=("sex",),
        missing=(("age", "median"), ("sex", "category")),
        **PLAIN,
    )
    features = load(source, str(tmp_path)).splits["train"]["features"]
    expected = np.float32([[20.5, 1, 1, 0, 0], [20.5, 0, 0, 1, 0], [30.25, 1, 0, 0, 1]])
    assert (features[:3] == expected).all() and features[3, 0] == np.float32(1 / 3)


def test_without_pyarrow_the_package_is_named(tmp_path, monkeypatch, problem):
    import sys

    from graphc.ops.sources import Parquet

    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with problem("GC519") as found:
        load(Parquet(path="t.parquet", target="y"), str(tmp_path))
    assert found[0].message.endswith("takes the package `pyarrow`, which is not installed")
    assert found[0].help == "install it: `pip install graphc[parquet]`"


def test_one_class_in_the_training_part_is_an_error(table, problem):
    text = "x,y,part\n1,a,train\n2,a,train\n3,b,test\n"
    with problem("GC517") as found:
        load(_csv(target="y", split="part"), table(text))
    assert found[0].message == "every example to train on has the class `a`"


def test_a_split_without_training_rows_is_an_error(table, problem):
    text = "x,y,part\n1,a,validation\n2,a,test\n3,b,test\n"
    with problem("GC518") as found:
        load(_csv(target="y", split="part"), table(text))
    assert found[0].message.endswith("says `train` in column `part`")


def test_a_validation_file_is_the_validation_split(table, problem):
    table("x,y\n7,b\n", "held.csv")
    folder = table("x,y\n1,a\n2,b\n3,a\n4,b\n")
    source = _csv(target="y", validation_path="held.csv", test=0, normalize="none")
    assert load(source, folder).splits["validation"]["features"].tolist() == [[7]]
    with problem("GC518"):
        load(_csv(target="y", validation_path="held.csv", validation=0.3), folder)


COLUMNS = {
    "real": [0.5, 1e300 / 1e290, None, -2.25] * 50,
    "whole": [3, 2**53 + 1, -7, 0] * 50,
    "truth": [True, False, None, True] * 50,
    "mixed": ["1.5", "true", "", " 7"] * 50,
    "kind": ["b", "a", None, "b"] * 50,
    "alive": [1, 0, 0, 1] * 50,
}


def _as_parquet(folder, columns, rows=64):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    parquet.write_table(pyarrow.table(columns), folder / "t.parquet", row_group_size=rows)


def test_whole_columns_of_parquet_are_what_their_cells_are(tmp_path, table):
    _as_parquet(tmp_path, COLUMNS)
    rows = zip(*COLUMNS.values(), strict=True)
    cells = (["" if each is None else str(each) for each in row] for row in rows)
    folder = table("\n".join(map(",".join, [COLUMNS, *cells])))
    chosen = {"features": ("real", "whole", "truth", "mixed"), "target": "alive"}
    chosen |= {"one_hot": ("kind",), "missing": (*((name, "mean") for name in chosen["features"]),)}
    chosen["missing"] += (("kind", "category"),)
    one = load(Csv(path="table.csv", **chosen), folder)
    two = load(Parquet(path="t.parquet", **chosen), folder)
    assert one.columns == two.columns and one.scaling == two.scaling
    for split, arrays in one.splits.items():
        for name, array in arrays.items():
            assert array.tobytes() == two.splits[split][name].tobytes(), (split, name)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("real", float("inf"), "GC514"),
        ("real", None, "GC513"),
        ("real", 1e39, "GC514"),
        ("mixed", "many", "GC513"),
        ("truth", None, "GC513"),
        ("alive", None, "GC513"),
    ],
)
def test_what_is_wrong_in_a_column_of_parquet_is_found(tmp_path, problem, column, value, code):
    columns = {name: [values[0]] * 200 for name, values in COLUMNS.items()}
    columns["alive"] = [0, 1] * 100
    columns[column][150] = value
    _as_parquet(tmp_path, columns)
    features = ("real", "whole", "truth", "mixed")
    with problem(code) as found:
        load(Parquet(path="t.parquet", target="alive", features=features), str(tmp_path))
    assert "row 151" in found[0].message and f"`{column}`" in found[0].message


def test_what_learnt_from_parquet_predicts_from_any_lines(tmp_path):
    _as_parquet(tmp_path, COLUMNS)
    source = Parquet(path="t.parquet", target="alive", features=("whole",), **PLAIN)
    columns = load(source, str(tmp_path)).columns
    lines = iter([("header", ["whole"]), ("row 1", ["7"])])
    found = rows_to_predict(source, columns, "standard input", lines)
    assert {name: each.tolist() for name, each in found.items()} == {"features": [[7.0]]}
