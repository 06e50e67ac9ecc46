"""Tables in long form: rows that are the steps of sequences."""

import numpy as np
import pytest

from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import nowhere
from graphc.core.tree import from_plain
from graphc.core.types import BATCH, LENGTH, TIME, Type
from graphc.data.load import load
from graphc.data.store import Memory
from graphc.data.tables import load_table, rows_to_predict
from graphc.ops.sources import Csv, Npz
from graphc.ops.tables import csv_lines

STEPS = (BATCH, TIME)


def long_form(lengths, shuffled=True):
    """Walks `w0`, `w1`, ...: each step has its number, a height, a place, a way and a tag."""
    rows = [
        f"w{walk},{step},{10 * walk + step},{'ab'[step % 2]},{('up', 'down')[walk % 2]},{step % 3}"
        for walk, length in enumerate(lengths)
        for step in range(length)
    ]
    if shuffled:
        rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    return "\n".join(["walk,step,height,place,way,tag", *rows])


def walks(**given):
    return Csv(
        **{
            "path": "table.csv",
            "target": "way",
            "features": ("height",),
            "index": ("place",),
            "sequence": "walk",
            "order": "step",
            "normalize": "none",
            "validation": 0,
            "test": 0,
        }
        | given
    )


def test_rows_become_the_steps_of_sequences_in_their_order(table):
    folder = table(long_form([4] * 6))
    assert walks().fields(folder) == {
        "features": Type((1,), domain=STEPS),
        "place": Type((), "int", 2, STEPS),
        "way": Type((), "int", 2),
    }
    train = load(walks(), folder).splits["train"]
    assert sorted(train["features"][:, :, 0].tolist()) == [
        [10 * walk + step for step in range(4)] for walk in range(6)
    ]
    assert (train["place"] == [0, 1, 0, 1]).all()
    odd = train["features"][:, 0, 0] // 10 % 2 == 1
    assert (train["way"] == np.where(odd, 0, 1)).all()  # sorted: down, up


def test_places_that_are_times_in_nanoseconds_keep_their_order(table):
    start = 1_700_000_000_123_456_789
    rows = [f"w{i // 4},{start + i % 4},{i},u,{'ab'[i // 4 % 2]}" for i in reversed(range(24))]
    folder = table("\n".join(["walk,step,height,place,way", *rows]))
    train = load(walks(), folder).splits["train"]["features"][:, :, 0]
    assert (np.diff(train, axis=1) == 1).all()
    rows[0] = rows[1]
    with pytest.raises(RunError, match=f"`w5` of .* have the order {start + 2}"):
        load(walks(), table("\n".join(["walk,step,height,place,way", *rows])))


def test_a_step_may_have_a_target_of_its_own(table):
    folder = table(long_form([4] * 6))
    source = walks(target="tag", target_of="step")
    data = load(source, folder)
    assert data.fields["tag"] == source.fields(folder)["tag"] == Type((), "int", 3, STEPS)
    assert (data.splits["train"]["tag"] == [0, 1, 2, 0]).all()
    number = load(walks(target="tag", target_of="step", kind="number"), folder)
    assert number.splits["train"]["tag"].shape == (6, 4, 1)


def test_without_an_order_steps_come_as_in_the_file(table):
    folder = table(long_form([3, 3, 3, 3], shuffled=False))
    train = load(walks(order=None), folder).splits["train"]
    assert train["features"][2, :, 0].tolist() == [20, 21, 22]


def test_features_are_scaled_over_all_steps(table):
    data = load(walks(normalize="standard"), table(long_form([4] * 6)))
    found = data.splits["train"]["features"]
    assert abs(found.mean()) < 1e-6 and abs(found.std() - 1) < 1e-6
    assert len(data.scaling.moments["features"].mean) == 1


def test_a_gap_is_filled_in_at_its_step(table):
    text = long_form([3] * 4, shuffled=False).replace("w1,1,11,", "w1,1,,")
    data = load(walks(missing="median"), table(text))
    assert data.splits["train"]["features"][1, :, 0].tolist() == [10, 20, 12]
    assert data.missing["train"]["features"] == 1


def test_groups_are_of_whole_sequences(table):
    text = long_form([3] * 8, shuffled=False).splitlines()
    who = ["who", *(f"p{i // 6}" for i in range(24))]  # two walks each
    folder = table("\n".join(f"{line},{each}" for line, each in zip(text, who, strict=True)))
    data = load(walks(group="who", test=0.25, features=("height",)), folder)
    walk = {name: set(each["features"][:, 0, 0] // 20) for name, each in data.splits.items()}
    assert len(walk["test"]) == 1 and not walk["test"] & walk["train"]


def test_sequences_of_different_length_have_their_lengths_beside_them(table):
    folder = table(long_form([2, 5, 3, 4]))
    kinds = walks().fields(folder)
    assert kinds["features"].presence == {"batch", "time"} and kinds["way"].single
    train = load_table(walks(), folder, store=Memory()).train
    assert sorted(train[LENGTH]) == [2, 3, 4, 5]
    assert train["features"].shape == (4, 5, 1)
    for length, steps in zip(train[LENGTH], train["features"][..., 0], strict=True):
        assert (np.diff(steps[:length]) == 1).all()


def test_rows_to_predict_are_brought_together_too(table):
    folder = table(long_form([4] * 6))
    source = walks()
    path = f"{folder}/table.csv"
    found = rows_to_predict(source, source.columns(folder), path, csv_lines(path, "comma"))
    assert found["features"].shape == (6, 4, 1) and set(found) == {"features", "place"}


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        (long_form([3] * 4), {"target": "tag"}, "differ in `tag`"),
        (long_form([3] * 4).replace("w1,2,", "w1,1,"), {}, "`w1` of `FOLDER/table.csv` have the"),
    ],
)
def test_what_is_no_sequence_is_told(text, given, message, table, problem):
    folder = table(text)
    with problem("GC516") as found:
        load(walks(**given), folder)
    assert message in found[0].message.replace(folder, "FOLDER")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"order": "step"}, "`order` is about sequences"),
        ({"target_of": "step"}, "`target_of` is about sequences"),
        ({"sequence": "walk", "missing": "drop"}, "would take steps out of sequences"),
    ],
)
def test_attributes_that_do_not_go_together_are_told(given, message):
    tree = from_plain({"path": "a.csv", "target": "y"} | given, nowhere())
    with pytest.raises(SpecError, match=message):
        Csv.read(tree, nowhere())


def test_only_steps_that_are_there_are_measured(table):
    text = long_form([2, 5, 3, 4], shuffled=False).replace("w1,1,11,", "w1,1,,")
    folder = table(text)
    for stream in (False, True):
        data = load(walks(missing="median", normalize="standard", stream=stream), folder)
        heights = [0, 1, 10, 12, 13, 14, 20, 21, 22, 30, 31, 32, 33]
        assert data.scaling.fills["features"] == (np.median(heights),)
        mean = np.mean([*heights, np.median(heights)])
        assert data.scaling.moments["features"].mean == pytest.approx((mean,))


def test_single_numbers_of_steps_have_one_mean(tmp_path):
    heights = np.arange(60.0).reshape(12, 5)
    np.savez(tmp_path / "a.npz", height=heights, kind=np.arange(12) % 3)
    source = Npz(
        path="a.npz",
        inputs=("height",),
        target="kind",
        steps=("height",),
        normalize="standard",
        test=0,
        validation=0,
    )
    data = load(source, str(tmp_path))
    assert data.scaling.moments["height"].mean == (29.5,)
    assert data.splits["train"]["height"].shape == (12, 5)
