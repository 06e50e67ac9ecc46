"""Images and attributes as PyTorch takes them, to compare with."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
MODES = {"circular": "circular", "reflect": "reflect"}


def every(value, axes):
    """A value for each of so many axes."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def first(x, axes):
    """[..., *sizes, channels] as [batch, channels, *sizes]."""
    flat = np.array(x).reshape(-1, *x.shape[-1 - axes :])
    return torch.from_numpy(np.moveaxis(flat, -1, 1).copy())


def last(y, like, axes):
    """The inverse of `first`, with the leading axes of `like`."""
    y = np.moveaxis(y.detach().numpy(), 1, -1)
    return y.reshape(*like.shape[: -1 - axes], *y.shape[1:])


def kernel(weight):
    """[*window, in, out] as [out, in, *window]."""
    weight = np.asarray(weight)
    return torch.from_numpy(np.moveaxis(weight, [-1, -2], [0, 1]).copy())


def borders(sizes, spans, strides, padding):
    """What lies before and after each axis."""
    axes = len(sizes)
    if padding == "valid":
        return [(0, 0)] * axes
    if padding == "causal":
        return [(spans[0] - 1, 0)]
    if padding in MODES:
        return [((span - 1) // 2, span // 2) for span in spans]
    if padding == "same":
        missing = [
            max((-(-size // step) - 1) * step + span - size, 0)
            for size, step, span in zip(sizes, strides, spans, strict=True)
        ]
        return [(each // 2, each - each // 2) for each in missing]
    return [(each, each) if isinstance(each, int) else each for each in every(padding, axes)]


def surrounded(x, pairs, mode="constant", value=0.0):
    """[batch, channels, *sizes] with what lies around it."""
    flat = [number for pair in reversed(pairs) for number in pair]
    options = {"value": value} if mode == "constant" else {}
    return torch.nn.functional.pad(x, flat, mode, **options)


def function(name, axes):
    """The function for images of so many axes: `conv2d`, `max_pool3d`."""
    return getattr(torch.nn.functional, f"{name}{axes}d")
