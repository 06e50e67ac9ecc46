"""`graphc data`: what a data set holds."""

import json
import xml.etree.ElementTree as ElementTree

from graphc.cli.main import main

SPEC = """\
graphc: 1
network: {inputs: {features: [4]}, layers: [{dense: 2}]}
data:
  csv:
    path: people.csv
    target: alive
    one_hot: [sex]
    missing: {age: mean, sex: category}
    normalize: none
    test: 0.2
    validation: 0
"""
ROWS = [
    f"{'' if k == 4 else k},{'fm'[k % 2] if k % 10 else ''},{('yes', 'no')[k % 3 > 0]}"
    for k in range(30)
]


def _write(folder, text=SPEC):
    (folder / "people.csv").write_text("\n".join(["age,sex,alive", *ROWS]) + "\n")
    (folder / "a.yaml").write_text(text)
    return folder / "a.yaml"


def test_it_counts_splits_classes_and_gaps(graphc, tmp_path):
    found = json.loads(graphc("data", _write(tmp_path), "--format", "json").out)
    assert found["examples"] == {"train": 24, "test": 6}
    assert found["classes"] == {"no": {"train": 16, "test": 4}, "yes": {"train": 8, "test": 2}}
    splits = found["fields"]["features"]["splits"]
    assert sum(each["missing"] for each in splits.values()) == 4
    assert splits["train"]["smallest"] == 0 and splits["train"]["largest"] >= 28
    assert found["columns"]["one_hot"] == {"sex": ["f", "m"]}


def test_it_prints_tables(graphc, tmp_path):
    done = graphc("data", _write(tmp_path), "--set", "data.csv.test=0.4")
    head, fields, classes = done.out.split("\n\n")
    assert head == "csv, 30 examples: train 18, test 12"
    assert fields.splitlines()[1].split()[:3] == ["features", "[4]", "train"]
    assert classes.split() == ["class", "train", "test", "no", "12", "8", "yes", "6", "4"]


def test_it_draws_examples(graphc, tmp_path, spec):
    for name in ("a.yaml", _write(tmp_path)):
        assert graphc("data", name, "--picture", tmp_path / "a.svg").status == 0
        tree = ElementTree.parse(tmp_path / "a.svg")
        assert len(tree.findall("{http://www.w3.org/2000/svg}g")) == 24


def test_it_names_what_is_not_right(graphc, tmp_path):
    assert graphc("data", _write(tmp_path), "--picture", "a.png").status == 2
    done = graphc("data", _write(tmp_path, SPEC.split("data:")[0]))
    assert done.status == 2 and done.err.startswith("error[GC412]: this spec has no `data`")
    (tmp_path / "people.csv").unlink()
    done = graphc("data", _write(tmp_path, SPEC.replace("people", "peopel")))
    assert done.status == 2 and "a file with a similar name exists: `people.csv`" in done.err


def test_a_gap_is_named_with_its_row_and_the_place_in_the_spec(graphc, tmp_path):
    text = SPEC.replace("    missing: {age: mean, sex: category}\n", "").replace("one_hot", "index")
    text = text.replace("features: [4]", "features: [1]")
    done = graphc("data", _write(tmp_path, text))
    assert done.status == 1
    assert "people.csv` line 2 has no value in column `sex`" in done.err
    assert "a.yaml:3:1" in done.err
    assert main(["data", str(tmp_path / "a.yaml")]) == 1
