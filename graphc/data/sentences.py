"""Sentences whose words have tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from graphc.core.types import LENGTH
from graphc.data.examples import Examples
from graphc.data.files import KNOWN, damaged, locate, read
from graphc.data.scaling import Arrays
from graphc.ops.sources import Wnut17
from graphc.ops.sources.sentences import CHARACTERS
from graphc.ops.sources.text import UNKNOWN

Sentence = list[tuple[str, str]]


def load_wnut17(source: Wnut17, folder: str) -> Examples:
    """The three parts of WNUT-17, with the vocabulary of the first; raises RunError GC503."""
    place = locate(source, folder)
    train, validation, test = (
        list(sentences(read(place, file).decode("utf-8"), file.name, source.tags))
        for file in KNOWN[source.folder]
    )
    counts = Counter(word.lower() for sentence in train for word, _ in sentence)
    kept = sorted(counts, key=lambda each: (-counts[each], each))[: source.vocabulary - 1]
    numbers = {word: number for number, word in enumerate((UNKNOWN, *kept))}
    arrays = partial(_arrays, source, numbers)
    return Examples(
        source.fields(folder),
        arrays(train),
        arrays(test),
        class_names=source.tags,
        validation=arrays(validation),
    )


def sentences(text: str, file: str, tags: tuple[str, ...]) -> Iterator[Sentence]:
    """The sentences of a file in the form of CoNLL: a word, a tab and a tag on each line.

    Raises:
        RunError: GC503 for a line that is none.
    """
    found: Sentence = []
    for number, line in enumerate(text.splitlines(), 1):
        word, _, tag = line.partition("\t")
        if not word.strip() and not tag.strip():
            if found:
                yield found
            found = []
        elif tag.strip() not in tags:
            raise damaged(file, f"line {number} has the tag `{tag.strip()}`")
        else:
            found.append((word, tag.strip()))
    if found:
        yield found


def _arrays(source: Wnut17, numbers: Mapping[str, int], several: list[Sentence]) -> Arrays:
    """The fields of sentences, [sentences, longest, ...], and their lengths."""
    lengths = np.array([len(each) for each in several], np.int32)
    shape = (len(several), lengths.max())
    words, tags = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    letters = np.zeros((*shape, source.letters), np.int32)
    places = {tag: number for number, tag in enumerate(source.tags)}
    for row, sentence in enumerate(several):
        for step, (word, tag) in enumerate(sentence):
            words[row, step] = numbers.get(word.lower(), 0)
            tags[row, step] = places[tag]
            codes = _codes(word[: source.letters])
            letters[row, step, : len(codes)] = codes
    return {"words": words, "letters": letters, source.target: tags, LENGTH: lengths}


def _codes(word: str) -> list[int]:
    return [CHARACTERS.find(each) + 1 or len(CHARACTERS) + 1 for each in word]
