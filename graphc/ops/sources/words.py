"""Words and those around them: what word vectors and neural language models learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from graphc.core.attributes import Either, Float, Int, Text
from graphc.core.declaration import attribute, primary
from graphc.core.registry import sources
from graphc.core.types import Type
from graphc.ops.sources.base import ArraySource
from graphc.ops.sources.text import (
    PART,
    UNKNOWN,
    HelpTopics,
    Multi30k,
    PlainText,
    Shakespeare,
    TextSource,
    no_meaning,
)

_TEXTS: Mapping[str, type[TextSource]] = {
    each.name: each for each in (HelpTopics, Multi30k, Shakespeare)
}


@dataclass(frozen=True, kw_only=True)
class WordSource(ArraySource):
    """The base of words in a text, in lower case, within one passage each.

    A passage is a sentence where the text has one on each line, and otherwise ends at an empty
    line. The vocabulary is that of the training part, the most frequent words first, behind the
    symbol 0 for all others.
    """

    text: str = primary(
        Text(),
        "`help_topics`, `multi30k`, `shakespeare`, or a text file, relative to the folder of the"
        " spec",
        "help_topics",
    )
    vocabulary: int = attribute(Int(2), "how many words are told apart, with one for others", 5000)
    validation: float | int = attribute(
        PART, "what is held out behind the training part: a share of the words, or a count", 0.1
    )
    test: float | int = attribute(PART, "what is held out at the end, likewise", 0)

    @property
    def corpus(self) -> TextSource:
        """The text, divided as this source says."""
        parts = {"by": "word", "validation": self.validation, "test": self.test}
        known = _TEXTS.get(self.text)
        if known is None:
            return PlainText(path=self.text, length=self.span, **parts)
        return known(length=self.span, vocabulary=self.vocabulary, **parts)

    @property
    def span(self) -> int:
        """How many words around one another an example takes, at least."""
        raise NotImplementedError

    def example(self) -> dict[str, Type]:
        """The fields of one example."""
        raise NotImplementedError

    def fields(self, folder: str) -> Mapping[str, Type]:
        corpus = self.corpus
        if isinstance(corpus, PlainText):
            corpus.read_text(folder)
        return self.example()

    def symbols(self, train: Sequence[str]) -> tuple[str, ...]:
        """The vocabulary, the most frequent words of the training part first."""
        counts = Counter(train)
        ordered = sorted(counts, key=lambda each: (-counts[each], each))
        return (UNKNOWN, *ordered[: self.vocabulary - 1])

    def validation_part(self) -> int:
        """None: the text is divided before it is cut into examples."""
        return 0

    def lacks_validation(self) -> bool:
        return not self.validation

    def complaint(self) -> str | tuple[str, str] | None:
        return no_meaning(self, "words of a text")


@dataclass(frozen=True, kw_only=True)
class _Vectors(WordSource):
    """The base of those that tell words of the text from words that are drawn.

    The words that are drawn come with the power 3/4 of their frequency. They are drawn once for
    each example, not anew in every epoch. Words out of the vocabulary are left out beforehand, and
    frequent ones at random: a word of the relative frequency f stays with the probability
    `sqrt(subsample / f)`.
    """

    target = "real"

    window: int = attribute(Int(1), "how far a word sees, to either side", 2)
    negatives: int = attribute(Int(1), "how many words are drawn against each that is there", 5)
    subsample: float | None = attribute(
        Either((Float(above=0),)), "the relative frequency from which words are left out", 1e-3
    )
    seed: int = attribute(Int(0), "draws what is left out and the words against", 0)

    @property
    def span(self) -> int:
        return 2 * self.window

    def _word(self, *shape: int) -> Type:
        return Type(shape, "int", self.vocabulary)


@dataclass(frozen=True, kw_only=True)
class Skipgram(_Vectors):
    """A word and one near it: `center` int [], `context` int [1 + n], `real` bool [1 + n].

    The first of `context` stands within `window` words of `center` in the text, the n `negatives`
    behind it are drawn, and `real` says so. How far a center sees is drawn from 1 to `window`, so
    near words come more often.

    References: Mikolov, Sutskever, Chen, Corrado and Dean, "Distributed representations of words
    and phrases and their compositionality", 2013.
    """

    name = "skipgram"

    def example(self) -> dict[str, Type]:
        several = 1 + self.negatives
        real = {self.target: Type((several,), "bool")}
        return {"center": self._word(), "context": self._word(several)} | real


@dataclass(frozen=True, kw_only=True)
class Cbow(_Vectors):
    """The words around one: `context` int [2 * window], `center` int [1 + n], `real` bool [1 + n].

    The first of `center` stands between the words of `context`, the n `negatives` behind it are
    drawn, and `real` says so. CBOW is for continuous bag of words.

    References: Mikolov, Chen, Corrado and Dean, "Efficient estimation of word representations in
    vector space", 2013; the words against are those of skip-gram.
    """

    name = "cbow"

    def example(self) -> dict[str, Type]:
        several = 1 + self.negatives
        real = {self.target: Type((several,), "bool")}
        return {"context": self._word(2 * self.window), "center": self._word(several)} | real


@dataclass(frozen=True, kw_only=True)
class Ngrams(WordSource):
    """Words and the one that follows: `before` int [n], `next` int [].

    References: Bengio, Ducharme, Vincent and Jauvin, "A neural probabilistic language model", 2003.
    """

    name = "ngrams"
    target: ClassVar[str] = "next"

    before: int = attribute(Int(1), "how many words are seen", 4)

    @property
    def span(self) -> int:
        return self.before

    def example(self) -> dict[str, Type]:
        kinds = {"before": (self.before,), self.target: ()}
        return {name: Type(shape, "int", self.vocabulary) for name, shape in kinds.items()}


sources.add(Skipgram, Cbow, Ngrams)
