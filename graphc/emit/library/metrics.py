"""Metrics that optax does not have: what is right, what is counted, and what the counts say."""

import jax
import jax.numpy as jnp


def is_largest(logits, classes):
    """Whether the logit of the right class is the largest, or the first of those that are.

    This is `jnp.argmax(logits, axis=-1) == classes`, which takes several times as long on a CPU
    where there are many classes: XLA finds the place of a number one by one.

    Args:
        logits: [..., n].
        classes: integers [...] below n.

    Returns:
        Booleans [...].
    """
    classes = classes[..., None]
    own = jnp.take_along_axis(logits, classes, axis=-1)
    before = jax.lax.broadcasted_iota(jnp.int32, logits.shape, logits.ndim - 1) < classes
    return jnp.all(jnp.where(before, logits < own, logits <= own), axis=-1)


def class_overlaps(logits, classes, axis=()):
    """For each class, how many places are of it and taken for it, and how many are either.

    Args:
        logits: [batch, ..., n].
        classes: integers [batch, ...] below n.
        axis: the axes of the places.

    Returns:
        Counts [batch, 2, n], which can be added up over examples before they are divided.
    """
    guess = jax.nn.one_hot(jnp.argmax(logits, axis=-1), logits.shape[-1], dtype=bool)
    right = jax.nn.one_hot(classes, logits.shape[-1], dtype=bool)
    both = jnp.sum(guess & right, axis=axis, dtype=jnp.float32)
    either = jnp.sum(guess | right, axis=axis, dtype=jnp.float32)
    return jnp.stack([both, either], axis=-2)


def mean_ratio(counts):
    """The mean over classes of a ratio of counts [2, n]; classes that were never met do not count.

    Works on arrays of numpy as of jax, outside of compiled code.
    """
    part, whole = counts
    met = whole > 0
    return (part[met] / whole[met]).mean()


def two_classes(logits):
    """Single logits of yes as logits of no and yes, [...] -> [..., 2]."""
    return jnp.stack([-logits, logits], axis=-1)


def class_hits(logits, classes, axis=()):
    """For each class, how many places are taken for it rightly, taken for it, and of it.

    Args:
        logits: [batch, ..., n].
        classes: integers [batch, ...] below n.
        axis: the axes of the places.

    Returns:
        Counts [batch, 3, n].
    """
    guess = jax.nn.one_hot(jnp.argmax(logits, axis=-1), logits.shape[-1], dtype=bool)
    right = jax.nn.one_hot(classes, logits.shape[-1], dtype=bool)
    counts = [jnp.sum(each, axis=axis, dtype=jnp.float32) for each in (guess & right, guess, right)]
    return jnp.stack(counts, axis=-2)


def label_hits(logits, labels, axis=()):
    """The same for labels of which any number may be right, each with a logit of its own.

    Args:
        logits: [batch, ..., n].
        labels: truth values or 0 and 1, [batch, ..., n].
        axis: the axes of the places.
    """
    guess, right = logits > 0, labels.astype(bool)
    counts = [jnp.sum(each, axis=axis, dtype=jnp.float32) for each in (guess & right, guess, right)]
    return jnp.stack(counts, axis=-2)


def spans(tags):
    """Where entities begin, of which type they are, and where they end.

    Args:
        tags: 0 for no entity, then for each type one for its begin and one for what is inside,
            [batch, time]. An entity also begins where a type does.

    Returns:
        Truth values, the types counted from 0 (-1 for none), and the last steps, [batch, time].
    """
    types = (tags + 1) // 2
    before = jnp.pad(types, ((0, 0), (1, 0)))[:, :-1]
    begins = (tags > 0) & ((tags % 2 == 1) | (types != before))
    over = jnp.pad(begins | (types != before), ((0, 0), (0, 1)), constant_values=True)[:, 1:]
    steps = jnp.arange(tags.shape[1])[None]
    ends = jax.lax.cummin(jnp.where(over, steps, tags.shape[1]), axis=1, reverse=True)
    return begins, types - 1, ends


def entity_hits(logits, tags, length=None):
    """For each type of entity, how many are found, guessed and there, at the step they begin.

    An entity is found where one of the same type begins and ends at the same steps.

    Args:
        logits: [batch, time, 2 * n + 1].
        tags: as in `spans`, [batch, time].
        length: how many steps of each sequence there are, [batch]; all where it is None.

    Returns:
        Counts [batch, time, 3, n].
    """
    guess = jnp.argmax(logits, axis=-1)
    if length is not None:
        there = jnp.arange(tags.shape[1])[None] < length[:, None]
        guess, tags = jnp.where(there, guess, 0), jnp.where(there, tags, 0)
    guessed, types, ends = spans(guess)
    right, right_types, right_ends = spans(tags)
    found = guessed & right & (types == right_types) & (ends == right_ends)
    each = ((found, right_types), (guessed, types), (right, right_types))
    count = (logits.shape[-1] - 1) // 2
    counts = [jax.nn.one_hot(jnp.where(flags, kinds, -1), count) for flags, kinds in each]
    return jnp.stack(counts, axis=-2)


def mean_of_met(values, met):
    """The mean of the values [n] that `met` says to count; 0 where it is none."""
    return values[met].sum() / max(int(met.sum()), 1)


def mean_precision(counts):
    """The mean over classes of hits by guesses, out of counts [3, n] of numpy or jax."""
    hits, guessed, right = counts
    return mean_of_met(hits / guessed.clip(1), guessed + right > 0)


def mean_recall(counts):
    """The mean over classes of hits by members, out of counts [3, n] of numpy or jax."""
    hits, guessed, right = counts
    return mean_of_met(hits / right.clip(1), guessed + right > 0)


def mean_f1(counts):
    """The mean over classes of their F1, out of counts [3, n] of numpy or jax."""
    hits, guessed, right = counts
    return mean_of_met(2 * hits / (guessed + right).clip(1), guessed + right > 0)


def confusion_counts(logits, classes, axis=()):
    """How many places of each class (rows) are taken for each class (columns).

    Args:
        logits: [batch, ..., n].
        classes: integers [batch, ...] below n.
        axis: the axes of the places.

    Returns:
        Counts [batch, n, n].
    """
    size = logits.shape[-1]
    pairs = jax.nn.one_hot(classes * size + jnp.argmax(logits, axis=-1), size * size)
    counts = jnp.sum(pairs, axis=axis)
    return counts.reshape(*counts.shape[:-1], size, size)


def score_counts(scores, right, axis=()):
    """How many places with a wrong and with a right answer have a score in each of 1,024 bins.

    The bins are of equal width in `asinh(score)`, so that they are narrow near 0, where most scores
    are, and wide enough for large ones. Counts can be added up; scores themselves could not.

    Args:
        scores: [batch, ...].
        right: integers 0 or 1, [batch, ...].
        axis: the axes of the places.

    Returns:
        Counts [batch, ..., 2, 1024] without the axes of places.
    """
    bins = jnp.clip(jnp.round(jnp.arcsinh(scores) * 64) + 512, 0, 1023).astype(jnp.int32)
    binned = jax.nn.one_hot(bins, 1024)[..., None, :]
    return jnp.sum(binned * jax.nn.one_hot(right, 2)[..., None], axis=axis)


def area_under_roc(counts):
    """The area under the ROC curve out of counts [..., 2, bins], the mean over what is in front.

    Works on arrays of numpy as of jax, outside of compiled code. 0.5 where there is no pair.
    """
    wrong, right = counts[..., 0, :], counts[..., 1, :]
    lower = wrong.cumsum(axis=-1) - wrong / 2
    pairs = (wrong.sum(axis=-1) * right.sum(axis=-1)).reshape(-1)
    won = (right * lower).sum(axis=-1).reshape(-1)
    return 0.5 + mean_of_met((won - pairs / 2) / pairs.clip(1), pairs > 0)


def mean_average_precision(counts):
    """The average precision out of counts [..., 2, bins], the mean over what is in front.

    Works on arrays of numpy as of jax, outside of compiled code. 0 where there is no yes.
    """
    right = counts[..., 1, ::-1].reshape(-1, counts.shape[-1])
    said = counts.sum(axis=-2)[..., ::-1].reshape(right.shape).cumsum(axis=-1)
    precision = right.cumsum(axis=-1) / said.clip(1)
    yes = right.sum(axis=-1)
    return mean_of_met((right * precision).sum(axis=-1) / yes.clip(1), yes > 0)


def fit_sums(outputs, targets, axis=()):
    """What the coefficient of determination is made of.

    Args:
        outputs: [batch, ..., n].
        targets: the same, or what broadcasts to it.
        axis: the axes of the places.

    Returns:
        Sums [batch, 4, n] of ones, targets, their squares and the squared errors.
    """
    targets = jnp.broadcast_to(targets, outputs.shape)
    parts = (jnp.ones_like(targets), targets, targets**2, (targets - outputs) ** 2)
    return jnp.stack([jnp.sum(each, axis=axis) for each in parts], axis=-2)


def mean_r2(sums):
    """The mean over outputs of the coefficient of determination, out of sums [4, n]."""
    count, total, squares, errors = sums
    spread = squares - total**2 / count.clip(1)
    return mean_of_met(1 - errors / spread.clip(1e-30), spread > 0)
