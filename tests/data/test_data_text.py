"""Texts as windows of symbols, each with what follows."""

import pytest

from graphc.core.diagnostic import RunError, SpecError
from graphc.core.span import nowhere
from graphc.core.tree import from_plain
from graphc.data.load import load
from graphc.ops.sources import HelpTopics, PlainText, Shakespeare


def source_of(kind, **given):
    return kind.read(from_plain(given, nowhere()), nowhere())


@pytest.fixture
def book(tmp_path):
    """A text of 120 letters, the last of which appear nowhere else."""
    path = tmp_path / "book.txt"
    path.write_text("abcde" * 20 + "xyz" * 6 + "xy", encoding="utf-8")
    return str(tmp_path)


def test_windows_lie_end_to_end_and_the_target_is_one_further(book):
    data = load(source_of(PlainText, path="book.txt", length=9, validation=0), book)
    text, target = data.splits["train"]["text"], data.splits["train"]["next"]
    assert text.shape == target.shape == (13, 9)
    assert (text[:, 1:] == target[:, :-1]).all()
    assert (text[1:, 0] == target[:-1, -1]).all()
    letters = "".join(data.class_names[i] for i in text.ravel()[:10])
    assert letters == "abcdeabcde"


def test_the_text_is_divided_in_its_own_order(book):
    source = source_of(PlainText, path="book.txt", length=4, validation=10, test=10)
    data = load(source, book)
    assert {name: data.count(name) for name in data.splits} == {
        "train": 24,
        "validation": 2,
        "test": 2,
    }


def test_what_training_never_saw_is_symbol_0(book):
    data = load(source_of(PlainText, path="book.txt", length=4, validation=20), book)
    assert data.fields["text"].below == len(data.class_names) == 6
    assert (data.splits["validation"]["text"] == 0).all()
    assert data.splits["train"]["text"].min() > 0


def test_a_vocabulary_holds_the_most_frequent_symbols(tmp_path):
    (tmp_path / "a.txt").write_text("aaaabbbccd" * 5, encoding="utf-8")
    source = source_of(PlainText, path="a.txt", length=4, validation=0, vocabulary=3)
    assert load(source, str(tmp_path)).class_names[1:] == ("a", "b")


def test_bytes_and_words_are_symbols_too(tmp_path):
    (tmp_path / "a.txt").write_text("It's late, it's late.\n" * 9, encoding="utf-8")
    words = load(source_of(PlainText, path="a.txt", by="word", length=5), str(tmp_path))
    assert set(words.class_names[1:]) == {"It", "it", "'", "s", "late", ",", ".", "\n"}
    octets = load(source_of(PlainText, path="a.txt", by="byte", length=5), str(tmp_path))
    assert octets.fields["text"].below == 256
    assert octets.splits["train"]["text"][0].tolist() == list(b"It's ")


def test_the_help_of_python_needs_no_file():
    data = load(source_of(HelpTopics, length=200), "")
    assert data.count("train") > 1000
    assert data.fields["text"].domain[1].name == "time"


def test_shakespeare_is_read_where_it_lies(real_sets):
    data = load(source_of(Shakespeare, length=100), "")
    assert data.fields["text"].below == 66
    assert data.count("train") == 10038
    line = "".join(data.class_names[i] for i in data.splits["train"]["text"][0])
    assert line.startswith("First Citizen:\nBefore we proceed")


@pytest.mark.parametrize(
    "text, given, code",
    [
        ("", {}, "GC518"),
        ("short", {}, "GC518"),
        ("long enough " * 30, {"validation": 20}, "GC518"),
        ("long enough " * 30, {"validation": 0.5, "test": 0.75}, "GC518"),
    ],
)
def test_a_text_that_is_too_short_is_told(text, given, code, tmp_path):
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with pytest.raises(RunError) as error:
        load(source_of(PlainText, path="a.txt", length=64, **given), str(tmp_path))
    assert [each.code for each in error.value.diagnostics] == [code]
    assert "-" not in error.value.diagnostics[0].message.partition("part has")[2]


def test_the_mark_that_editors_write_in_front_is_no_symbol(tmp_path):
    (tmp_path / "a.txt").write_text("abcde" * 9, encoding="utf-8-sig")
    source = source_of(PlainText, path="a.txt", length=4, validation=0)
    assert load(source, str(tmp_path)).class_names[1:] == tuple("abcde")


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"good \xff\xfe bad")
    with pytest.raises(RunError, match="byte 6 is wrong"):
        load(source_of(PlainText, path="a.txt"), str(tmp_path))
    with pytest.raises(RunError, match="cannot be read"):
        load(source_of(PlainText, path="b.txt"), str(tmp_path))


@pytest.mark.parametrize(
    "given",
    [
        {"folds": 3},
        {"balance": True},
        {"normalize": "standard"},
        {"by": "byte", "vocabulary": 9},
    ],
)
def test_what_has_no_meaning_for_a_text_is_refused(given):
    with pytest.raises(SpecError):
        source_of(HelpTopics, **given)


def test_words_of_a_published_text_need_a_bound():
    with pytest.raises(SpecError, match="how many words"):
        source_of(Shakespeare, by="word")


def test_windows_of_documents_end_where_these_end(tmp_path):
    (tmp_path / "a.txt").write_text("first one\n--\nsecond\n--\nthe third is long\n--\n")
    given = {"path": "a.txt", "length": 12, "documents": "\n--\n", "validation": 0}
    data = load(source_of(PlainText, **given), str(tmp_path))
    arrays = data.splits["train"]
    windows = [
        "".join(data.class_names[i] for i in row[:count])
        for row, count in zip(arrays["text"], arrays["time:length"], strict=True)
    ]
    assert windows == ["first one\n--", "second\n--", "the third is", " long\n--"]
    for text, target, count in zip(*arrays.values(), strict=True):
        assert (text[1:count] == target[: count - 1]).all()
    assert data.class_names[arrays["next"][2, 11]] == " "


def test_documents_may_be_of_words_and_go_over_the_parts_of_a_text(tmp_path):
    (tmp_path / "a.txt").write_text("one two three.\n" * 10)
    given = {"path": "a.txt", "length": 9, "documents": "\n", "by": "word", "validation": 7}
    data = load(source_of(PlainText, **given), str(tmp_path))
    assert data.splits["train"]["time:length"].tolist() == [4] * 8 + [2]
    assert data.splits["validation"]["time:length"].tolist() == [1, 4]


def test_an_empty_document_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("one\n\n\n\ntwo\n\n")
    with pytest.raises(RunError, match="document 2 of the text, which ends in line 3, is empty"):
        load(source_of(PlainText, path="a.txt", length=3, documents="\n\n"), str(tmp_path))


def test_documents_of_a_single_symbol_are_told(tmp_path):
    (tmp_path / "a.txt").write_text("one two\nthree four\nx")
    given = {"path": "a.txt", "length": 3, "documents": "\n", "validation": 2}
    with pytest.raises(RunError, match="no document of the validation part has two symbols"):
        load(source_of(PlainText, **given), str(tmp_path))
