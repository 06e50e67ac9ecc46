"""Pairs of drawings, of made-up files in both of their forms: each drawing says whose it is."""

import hashlib
import io
import runpy
import zipfile
from pathlib import Path

import numpy as np
import pytest

import graphc as gc
from graphc.core.span import Source
from graphc.data import files
from graphc.data.files import ARRAYS_OF_OMNIGLOT, KNOWN, KnownFile
from graphc.data.load import load
from graphc.data.omniglot import centred, smaller, turned
from graphc.data.omniglot_files import read_omniglot
from graphc.ops.sources import RUNS, WAYS, Omniglot

ROOT = Path(__file__).parents[2]
PEOPLE = 3
SMALL1 = {"Alpha": 4, "Beta": 2}
SMALL2 = {"Beta": 2, "Gamma": 3}
NUMBER = {"Alpha": 1, "Beta": 2, "Gamma": 3}
BITS = 2 ** np.arange(25)
BEST = np.random.default_rng(0).permuted(np.tile(np.arange(WAYS), (RUNS, 1)), axis=1)
"""In each run, the character that a drawing shows."""


def drawn(alphabet, character, person):
    """A drawing of 105 by 105 whose 25 squares are the bits of what it is."""
    squares = np.array([alphabet * 10000 + character * 100 + person]) & BITS > 0
    return np.kron(squares.reshape(5, 5), np.ones((21, 21), np.uint8))


def told(images):
    """Alphabet, character and person of each drawing of 5 by 5."""
    code = (images.reshape(-1, 25) > 0.5) @ BITS
    return np.stack([code // 10000, code // 100 % 100, code % 100], axis=1)


def every(alphabets):
    return [
        (name, character, person)
        for name, count in alphabets.items()
        for character in range(1, count + 1)
        for person in range(1, PEOPLE + 1)
    ]


def choice(run, which):
    return drawn(50 + run, which + 1, 1)


def asked(run, which):
    return drawn(50 + run, BEST[run, which] + 1, 2)


def archive(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as found:
        for name, data in parts.items():
            found.writestr(name, data)
    return file.getvalue()


def picture(drawing):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(drawing == 0).save(file, "png")
    return file.getvalue()


def archives():
    bodies = []
    for name, alphabets in (("small1", SMALL1), ("small2", SMALL2)):
        bodies.append(
            archive(
                {
                    f"{name}/{each}/character{character:02d}/0001_{person:02d}.png": picture(
                        drawn(NUMBER[each], character, person)
                    )
                    for each, character, person in every(alphabets)
                }
            )
        )
    runs = {}
    for run in range(RUNS):
        place = f"run{run + 1:02d}"
        for i in range(WAYS):
            runs[f"{place}/training/class{i + 1:02d}.png"] = picture(choice(run, i))
            runs[f"{place}/test/item{i + 1:02d}.png"] = picture(asked(run, i))
        runs[f"{place}/class_labels.txt"] = "".join(
            f"{place}/test/item{i + 1:02d}.png {place}/training/class{BEST[run, i] + 1:02d}.png\n"
            for i in range(WAYS)
        )
    return [*bodies, archive(runs)]


def arrays():
    bodies = []
    for alphabets in (SMALL1, SMALL2):
        several, names = every(alphabets), list(alphabets)
        bodies.append(
            {
                "images_packed": [np.packbits(drawn(NUMBER[a], c, p)) for a, c, p in several],
                "alphabet": [names.index(a) for a, _, _ in several],
                "character": [c for _, c, _ in several],
                "alphabet_names": names,
            }
        )
    packed = [
        [[np.packbits(each(run, i)) for i in range(WAYS)] for run in range(RUNS)]
        for each in (choice, asked)
    ]
    bodies.append({"train_packed": packed[0], "test_packed": packed[1], "test_class": BEST})
    found = []
    for body in bodies:
        file = io.BytesIO()
        np.savez(file, **body)
        found.append(file.getvalue())
    return found


@pytest.fixture(scope="module")
def bodies():
    return {"omniglot": archives(), ARRAYS_OF_OMNIGLOT: arrays()}


@pytest.fixture
def store(bodies, nowhere, monkeypatch):
    """Puts the made-up set of a form where sets are looked for."""

    def stored(form):
        (nowhere / "omniglot").mkdir(parents=True, exist_ok=True)
        known = []
        for file, body in zip(KNOWN[form], bodies[form], strict=True):
            known.append(KnownFile(file.name, None, hashlib.sha256(body).hexdigest()))
            (nowhere / "omniglot" / file.name).write_bytes(body)
        monkeypatch.setitem(files.KNOWN, form, tuple(known))
        return nowhere / "omniglot"

    return stored


@pytest.fixture
def pairs(store):
    pytest.importorskip("PIL")
    store("omniglot")
    return load(Omniglot(pairs=600, size=5, download=False), ".")


def test_both_forms_of_the_files_hold_the_same(store):
    pytest.importorskip("PIL")
    place = store("omniglot")
    before = read_omniglot(Omniglot(download=False), ".")
    for each in place.iterdir():
        each.unlink()
    store(ARRAYS_OF_OMNIGLOT)
    for one, other in zip(before, read_omniglot(Omniglot(download=False), "."), strict=True):
        for name in vars(one):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_pair_is_of_two_people_and_of_one_alphabet_and_half_are_of_one_character(pairs):
    for arrays in (pairs.splits["train"], pairs.splits["validation"]):
        first, second = told(arrays["first"]), told(arrays["second"])
        assert (first[:, 0] == second[:, 0]).all()
        assert (first[:, 2] != second[:, 2]).all()
        np.testing.assert_array_equal(first[:, 1] == second[:, 1], arrays["same"] == 1)
        assert 0.35 < arrays["same"].mean() < 0.65
    whole = np.concatenate([pairs.splits[name]["same"] for name in ("train", "validation")])
    assert whole.mean() == 0.5
    assert pairs.class_names == ("different", "same")


def test_whole_alphabets_are_held_out_for_the_validation(pairs):
    alphabets = [
        set(told(pairs.splits[name]["first"])[:, 0].tolist()) for name in ("train", "validation")
    ]
    assert alphabets[0] | alphabets[1] == {1, 2, 3}
    assert not alphabets[0] & alphabets[1]


@pytest.mark.parametrize(
    ("background", "characters"),
    [("both", [4, 2, 3]), ("small1", [4, 2]), ("small2", [2, 3])],
)
def test_an_alphabet_that_is_in_both_sets_is_taken_once(store, background, characters):
    store(ARRAYS_OF_OMNIGLOT)
    drawings, _ = read_omniglot(Omniglot(background=background), ".")
    assert drawings.images.shape == (sum(characters), PEOPLE, 105, 105)
    assert np.unique(drawings.alphabets, return_counts=True)[1].tolist() == characters


def test_the_test_is_each_drawing_beside_each_choice_of_its_run(pairs):
    arrays = pairs.splits["test"]
    shape = (RUNS, WAYS, WAYS, 3)
    first, second = (told(arrays[name]).reshape(shape) for name in ("first", "second"))
    assert (first[..., 0] == second[..., 0]).all()
    assert (first[..., 2] == 2).all() and (second[..., 2] == 1).all()
    np.testing.assert_array_equal(first[:, :, 0, 1], BEST + 1)
    np.testing.assert_array_equal(second[:, 0, :, 1], np.tile(np.arange(WAYS) + 1, (RUNS, 1)))
    same = arrays["same"].reshape(RUNS, WAYS, WAYS)
    np.testing.assert_array_equal(same == 1, first[..., 1] == second[..., 1])
    assert (same.sum(axis=2) == 1).all()


def test_the_seed_draws_the_pairs(store):
    store(ARRAYS_OF_OMNIGLOT)
    one, again, other = (load(Omniglot(pairs=50, seed=seed), ".") for seed in (1, 1, 2))
    for name, array in one.splits["train"].items():
        np.testing.assert_array_equal(array, again.splits["train"][name])
    assert not np.array_equal(one.splits["train"]["first"], other.splits["train"]["first"])


def test_both_drawings_of_a_pair_are_turned_alike_and_those_of_the_test_stand(store):
    store(ARRAYS_OF_OMNIGLOT)
    options = {"pairs": 50, "size": 5, "validation": 0}
    plain, rotated = (
        load(Omniglot(**options, rotate=rotate), ".").splits for rotate in (False, True)
    )
    before, after = (
        np.concatenate([each["train"]["first"], each["train"]["second"]], axis=2)
        for each in (plain, rotated)
    )
    seen = set()
    for one, other in zip(before, after, strict=True):
        turns = [
            quarter
            for quarter in range(4)
            if all(
                np.array_equal(np.rot90(one[:, half], quarter), other[:, half])
                for half in (slice(5), slice(5, None))
            )
        ]
        seen.add(turns[0])
    assert seen == {0, 1, 2, 3}
    np.testing.assert_array_equal(plain["test"]["first"], rotated["test"]["first"])


def test_a_turn_is_a_quarter_against_the_clock():
    images = np.arange(4).reshape(1, 2, 2)
    assert turned(images, np.array([1])).tolist() == [[[1, 3], [0, 2]]]


def test_ink_is_moved_until_there_is_as_much_room_on_either_side():
    images = np.zeros((2, 5, 5), np.uint8)
    images[0, 0, :3] = 1
    moved = centred(images)
    assert np.argwhere(moved[0]).tolist() == [[2, 1], [2, 2], [2, 3]]
    assert not moved[1].any()
    np.testing.assert_array_equal(centred(moved), moved)


def test_all_drawings_are_centred_where_that_is_asked_for(store):
    store(ARRAYS_OF_OMNIGLOT)
    splits = load(Omniglot(pairs=50, size=105, centre=True), ".").splits
    images = np.concatenate(
        [each[name] for each in splits.values() for name in ("first", "second")]
    )
    for axis in (1, 2):
        inked = images.any(axis=(3 - axis, 3))
        room = inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)
        assert set(np.unique(room)) <= {-1, 0, 1}


def test_a_pixel_is_the_mean_of_what_falls_into_it():
    image = np.zeros((1, 6, 6), np.uint8)
    image[0, 0, :3] = 1
    assert smaller(image, 3)[0].tolist() == [[128, 64, 0], [0, 0, 0], [0, 0, 0]]
    assert smaller(image, 4)[0, 0].tolist() == [170, 170, 0, 0]
    assert smaller(image, 6)[0].tolist() == (255 * image[0]).tolist()


def test_a_set_that_is_nowhere_names_its_archives(nowhere, problem):
    with problem("GC502") as found:
        load(Omniglot(download=False), ".")
    assert found[0].message == "the data set `omniglot` was not found"
    assert "`omniglot/`" in found[0].help and "`download: true`" in found[0].help


def test_other_bytes_in_the_place_of_a_file_are_damaged(store, problem):
    (store(ARRAYS_OF_OMNIGLOT) / "background_small2.npz").write_bytes(b"PK")
    with problem("GC503") as found:
        load(Omniglot(), ".")
    assert "background_small2.npz` is damaged: its SHA-256 starts with" in found[0].message


def test_the_real_set_has_eight_alphabets_and_as_many_ink_in_all_forms(real_sets):
    drawings, runs = read_omniglot(Omniglot(), ".")
    assert drawings.images.shape == (242, 20, 105, 105)
    assert len(set(drawings.alphabets)) == 8
    assert 0.02 < drawings.images.mean() < 0.1
    assert (np.sort(runs.right) == np.arange(WAYS)).all()


SPEC = """
networks:
  features: {inputs: {drawing: [5, 5, 1]}, layers: [flatten, {dense: 8}, tanh]}
  siamese:
    inputs: {first: [5, 5, 1], second: [5, 5, 1]}
    nodes:
      distance: abs(features(first) - features(second))
      score: {dense: 1, from: distance}
    output: score
data: {omniglot: {pairs: 200, size: 5, seed: 1}}
train: {loss: binary_cross_entropy, epochs: 1}
"""


def test_a_siamese_pair_is_trained_and_its_one_shot_error_told(store, tmp_path, capsys):
    store(ARRAYS_OF_OMNIGLOT)
    run = gc.compile(Source("siamese.yaml", SPEC), device="cpu").train(run=str(tmp_path / "run"))
    program = runpy.run_path(str(ROOT / "specs/omniglot_one_shot.py"))
    capsys.readouterr()
    program["main"](str(run.path))
    error = float(capsys.readouterr().out.split()[2].strip(","))
    assert 0 <= error <= 1


def test_the_answer_is_the_choice_with_the_highest_score():
    program = runpy.run_path(str(ROOT / "specs/omniglot_one_shot.py"))
    right = np.eye(WAYS)[BEST].reshape(-1)
    scores = right.copy()
    scores[: WAYS * 5] *= -1  # five drawings of the first run
    errors = program["one_shot_errors"](scores[:, None], right)
    assert errors.tolist() == [0.25, *[0.0] * (RUNS - 1)]
