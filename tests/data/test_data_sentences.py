"""Sentences whose words have tags."""

import pytest

from graphc.core.diagnostic import SpecError
from graphc.core.span import nowhere
from graphc.core.tree import from_plain
from graphc.core.types import LENGTH
from graphc.data.sentences import load_wnut17, sentences
from graphc.ops.sources import Wnut17
from graphc.ops.sources.sentences import CHARACTERS

TAGS = Wnut17().tags


def test_tags_are_those_that_entities_are_counted_by():
    assert TAGS[:3] == ("O", "B-corporation", "I-corporation")
    assert len(TAGS) == Wnut17().fields("")["tags"].below == 13


def test_a_sentence_ends_at_an_empty_line():
    text = "Empire\tB-location\nState\tI-location\n\t\n\n!\tO\n"
    found = list(sentences(text, "a.conll", TAGS))
    assert found == [[("Empire", "B-location"), ("State", "I-location")], [("!", "O")]]


@pytest.mark.parametrize("line", ["word", "word\tB-planet", "word O"])
def test_a_line_that_is_none_is_told(line, problem):
    with problem("GC503") as found:
        list(sentences(f"a\tO\n{line}\n", "a.conll", TAGS))
    assert "`a.conll` is damaged: line 2 has the tag" in found[0].message


def test_the_set_is_read_with_its_lengths(real_sets):
    examples = load_wnut17(Wnut17(vocabulary=1000, letters=4), "")
    counts = {
        name: (len(each["tags"]), each[LENGTH].sum()) for name, each in examples.parts().items()
    }
    assert counts == {
        "training": (3394, 62730),
        "validation": (1009, 15733),
        "test": (1287, 23394),
    }
    begins = {name: (each["tags"] % 2 == 1).sum() for name, each in examples.parts().items()}
    assert begins == {"training": 1975, "validation": 836, "test": 1079}
    train = examples.train
    assert train["words"].max() == 999 and train["letters"].shape[2] == 4
    assert "".join(CHARACTERS[each - 1] for each in train["letters"][0, 0]) == "@pau"
    assert (
        train["letters"][0, 1] == [CHARACTERS.index("I") + 1, CHARACTERS.index("t") + 1, 0, 0]
    ).all()


def test_its_parts_are_its_own():
    with pytest.raises(SpecError, match="a validation part of its own"):
        Wnut17.read(from_plain({"validation": 0.2}, nowhere()), nowhere())
    assert Wnut17(train=100).training_examples() == 100
