"""Words and those around them."""

import numpy as np
import pytest

from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import nowhere
from graphc.core.tree import from_plain
from graphc.data.load import load
from graphc.ops.sources import Cbow, Multi30k, Ngrams, Skipgram

PASSAGES = "The cat sat on the mat .\n\nA dog ran\nfar away !"


def source_of(kind, **given):
    return kind.read(from_plain({"validation": 0} | given, nowhere()), nowhere())


@pytest.fixture
def book(table):
    return table("\n\n".join([PASSAGES] * 8), "book.txt")


def read(data, field, split="train"):
    """The words of a field."""
    return np.array(data.class_names, dtype=object)[data.splits[split][field]]


def side_by_side(*columns):
    """The rows of arrays [rows] and [rows, n], as tuples."""
    return list(map(tuple, np.column_stack(columns)))


def test_words_before_a_word_are_of_its_passage(book):
    data = load(source_of(Ngrams, text="book.txt", before=3, vocabulary=40), book)
    assert set(side_by_side(read(data, "before"), read(data, "next"))) == {
        ("the", "cat", "sat", "on"),
        ("cat", "sat", "on", "the"),
        ("sat", "on", "the", "mat"),
        ("on", "the", "mat", "."),
        ("a", "dog", "ran", "far"),
        ("dog", "ran", "far", "away"),
        ("ran", "far", "away", "!"),
    }
    assert data.count("train") == 56
    assert data.class_names[1] == "the"  # the most frequent one


def test_words_out_of_the_vocabulary_are_symbol_0(book):
    data = load(source_of(Ngrams, text="book.txt", before=3, vocabulary=2), book)
    assert data.class_names[1:] == ("the",)
    assert set(np.unique(data.splits["train"]["next"])) == {0, 1}


def test_the_text_is_divided_in_its_own_order(book):
    source = source_of(Ngrams, text="book.txt", validation=13, test=26, before=3)
    data = load(source, book)
    assert {name: data.count(name) for name in data.splits} == {
        "train": 35,
        "validation": 7,
        "test": 14,
    }


def test_a_word_near_comes_first_and_words_that_are_drawn_behind_it(book):
    source = source_of(
        Skipgram, text="book.txt", window=2, negatives=3, vocabulary=40, subsample=1.0
    )
    data = load(source, book)
    assert data.fields == source.fields(book)
    pairs = set(side_by_side(read(data, "center"), read(data, "context")[:, 0]))
    assert ("cat", "the") in pairs and ("the", "sat") in pairs and ("far", "dog") in pairs
    assert not pairs & {("cat", "mat"), ("mat", "a"), (".", "a"), ("dog", ".")}
    train = data.splits["train"]
    assert train["context"].shape[1] == 4 and train["context"][:, 1:].min() > 0
    assert (train["real"] == [True, False, False, False]).all()


def test_near_words_come_more_often(book):
    source = source_of(Skipgram, text="book.txt", window=2, vocabulary=40, subsample=1.0)
    data = load(source, book)
    pairs = side_by_side(read(data, "center"), read(data, "context")[:, 0])
    near, far = pairs.count(("cat", "sat")), pairs.count(("cat", "on"))
    assert near == 8 > far


def test_words_that_are_drawn_have_a_power_of_their_frequency(table):
    folder = table("often " * 8000 + "seldom " * 500, "a.txt")
    source = source_of(Skipgram, text="a.txt", window=1, vocabulary=3, subsample=1.0)
    drawn = load(source, folder).splits["train"]["context"][:, 1:]
    share = 8000**0.75 / (8000**0.75 + 500**0.75)
    assert (drawn == 1).mean() == pytest.approx(share, abs=0.01)


def test_frequent_words_are_left_out_at_random(table):
    folder = table(" ".join(["often often often seldom"] * 2000), "a.txt")
    source = source_of(Skipgram, text="a.txt", window=1, vocabulary=3, subsample=0.1)
    center = load(source, folder).splits["train"]["center"]
    kept = np.sqrt(0.1 / 0.75) * 0.75, np.sqrt(0.1 / 0.25) * 0.25
    assert (center == 1).mean() == pytest.approx(kept[0] / sum(kept), abs=0.03)


def test_the_words_around_a_word_without_it(book):
    source = source_of(Cbow, text="book.txt", window=2, vocabulary=40, subsample=1.0)
    data = load(source, book)
    assert data.fields == source.fields(book)
    found = set(side_by_side(read(data, "context"), read(data, "center")[:, 0]))
    assert ("the", "cat", "on", "the", "sat") in found
    assert ("a", "dog", "far", "away", "ran") in found
    assert len(found) == 5
    assert data.splits["train"]["center"].shape[1] == 6


def test_the_same_seed_draws_the_same_words_and_another_others(book):
    one, same, other = (
        load(source_of(Skipgram, text="book.txt", seed=seed), book).splits["train"]["context"]
        for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_known_texts_go_by_their_names(real_sets):
    data = load(source_of(Ngrams, text="multi30k", vocabulary=100), "")
    assert data.count("train") > 200_000
    assert data.class_names[1:4] == ("a", ".", "in")
    assert load(source_of(Ngrams), "").count("train") > 10_000  # the help of Python
    captions = load(source_of(Multi30k, by="word", vocabulary=100, length=20), "")
    first = [captions.class_names[each] for each in captions.splits["train"]["text"][0, :3]]
    assert first == ["two", "young", ","]


@pytest.mark.parametrize("kind", [Skipgram, Cbow, Ngrams])
def test_a_text_that_is_not_there_or_too_short_is_told(kind, table):
    with pytest.raises(RunError, match="cannot be read"):
        load(source_of(kind, text="nothing.txt"), "")
    with pytest.raises(RunError, match="a window takes"):
        load(source_of(kind, text="short.txt"), table("a b", "short.txt"))
    with pytest.raises(RunError, match="train part gives no example"):
        load(source_of(kind, text="lines.txt"), table("word\n\n" * 60, "lines.txt"))


def test_what_leaves_out_all_words_is_told(table):
    source = source_of(Cbow, text="same.txt", subsample=1e-6)
    with pytest.raises(RunError, match="part gives no example") as caught:
        load(source, table("a " * 200, "same.txt"))
    assert "`subsample: null` keeps all words" in str(caught.value)


@pytest.mark.parametrize("given", [{"folds": 3}, {"balance": True}, {"normalize": "standard"}])
def test_what_has_no_meaning_for_words_is_refused(given):
    with pytest.raises(SpecError, match="has no meaning"):
        source_of(Skipgram, **given)


def test_captions_need_a_bound():
    with pytest.raises(SpecError, match="needs `vocabulary`"):
        source_of(Multi30k)
