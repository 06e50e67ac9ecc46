"""The recurrent cells in numpy, one step after another, from the equations of their papers."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Cell:
    """A cell with the weights of a run; `step(x, *state)` gives the output and the next state."""

    def __init__(self, weights, units):
        self.weights, self.units = weights, units

    def layer(self, name, *values):
        joined = np.concatenate(values, axis=-1)
        return joined @ self.weights[f"{name}/kernel"] + self.weights.get(f"{name}/bias", 0)

    def begin(self, batch):
        return (np.zeros((batch, self.units)),)

    def run(self, x):
        """The outputs [batch, time, units] for x [batch, time, n]."""
        state, found = self.begin(len(x)), []
        for step in range(x.shape[1]):
            output, *state = self.step(x[:, step], *state)
            found.append(output)
        return np.stack(found, axis=1)


class Elman(Cell):
    def step(self, x, h):
        h = np.tanh(self.layer("h", x, h))
        return h, h


class Jordan(Cell):
    def step(self, x, y):
        y = self.layer("y", np.tanh(self.layer("h", x, y)))
        return y, y


class Lstm(Cell):
    def begin(self, batch):
        return np.zeros((batch, self.units)), np.zeros((batch, self.units))

    def step(self, x, h, c):
        i, f, o = (sigmoid(self.layer(gate, x, h)) for gate in "ifo")
        c = f * c + i * np.tanh(self.layer("g", x, h))
        h = o * np.tanh(c)
        return h, h, c


class Peephole(Lstm):
    def step(self, x, h, c):
        see = {gate: self.weights[f"see_{gate}"] for gate in "ifo"}
        i = sigmoid(self.layer("to_i", x, h) + see["i"] * c)
        f = sigmoid(self.layer("to_f", x, h) + see["f"] * c)
        c = f * c + i * np.tanh(self.layer("g", x, h))
        h = sigmoid(self.layer("to_o", x, h) + see["o"] * c) * np.tanh(c)
        return h, h, c


class Gru(Cell):
    def step(self, x, h):
        z, r = sigmoid(self.layer("h/z", x, h)), sigmoid(self.layer("h/r", x, h))
        h = (1 - z) * np.tanh(self.layer("h/n", x, r * h)) + z * h
        return h, h


class GruResetAfter(Cell):
    def step(self, x, h):
        z, r = sigmoid(self.layer("z", x, h)), sigmoid(self.layer("r", x, h))
        n = np.tanh(self.layer("given", x) + r * self.layer("seen", h))
        h = (1 - z) * n + z * h
        return h, h


class MinimalGatedUnit(Cell):
    def step(self, x, h):
        f = sigmoid(self.layer("f", x, h))
        h = (1 - f) * h + f * np.tanh(self.layer("n", x, f * h))
        return h, h


class MinGru(Cell):
    def step(self, x, h):
        z = sigmoid(self.layer("z", x))
        h = (1 - z) * h + z * self.layer("n", x)
        return h, h


class Scrn(Cell):
    context, keep = 3, 0.95

    def begin(self, batch):
        return np.zeros((batch, self.context)), np.zeros((batch, self.units))

    def step(self, x, s, h):
        s = (1 - self.keep) * self.layer("b", x) + self.keep * s
        h = sigmoid(self.layer("h", s, x, h))
        return np.concatenate([h, s], axis=-1), s, h


class Clockwork(Cell):
    """Four parts of `units` numbers, which are held between the ticks of their clocks."""

    def begin(self, batch):
        return (0, *(np.zeros((batch, self.units)) for _ in "abcd"))

    def step(self, x, time, *parts):
        after = []
        for i, (name, every) in enumerate(zip("abcd", (1, 2, 4, 8), strict=True)):
            value = np.tanh(self.layer(name, x, *parts[i:]))
            after.append(value if time % every == 0 else parts[i])
        return np.concatenate(after, axis=-1), time + 1, *after


class EchoState(Cell):
    leak = 0.3

    def step(self, x, h):
        now = x @ self.weights["taken"] + self.weights["bias"]
        h = (1 - self.leak) * h + self.leak * np.tanh(now + h @ self.weights["reservoir"])
        return h, h
