"""Every form that a network can be written in computes what it says, on networks of that form.

Networks inside networks, chains as nodes, bodies that read what is around them, and repeats whose
shapes grow: each equals its reference in plain numpy, and the passes keep its meaning.
"""

import numpy as np
import pytest
from oracle import graphs, make, require_same_meaning
from references import ROWS, TOLERANCE, BatchNorm, carried, conv, dense, max_pool, outputs, relu

from graphc.spec.dump import dump

# A siamese network that compares pictures by a metric of its own (Bromley et al. 1993): `encoder`
# is called inside `distance`, which is called twice (a triplet, Schroff et al. 2015).
TRIPLET = """
networks:
  encoder:
    inputs: {image: [4, 4, 1]}
    layers: [flatten, {dense: {features: 6, activation: relu}}, {dense: 3}]
  distance:
    inputs: {left: [4, 4, 1], right: [4, 4, 1]}
    nodes:
      a: encoder(left)
      b: {encoder: , from: right}
      weighted: {dense: {features: 3, bias: false}, from: difference}
      difference: (a - b) ** 2
    output: weighted
  triplet:
    inputs: {anchor: [4, 4, 1], like: [4, 4, 1], unlike: [4, 4, 1]}
    nodes:
      near: distance(anchor, like)
      far: distance(anchor, unlike)
      code: encoder(anchor)
      y: near - far + code
    output: y
"""


def triplet(w, anchor, like, unlike):
    def encoder(image):
        hidden = relu(dense(w, "encoder/dense", image.reshape(ROWS, -1)))
        return dense(w, "encoder/dense_2", hidden)

    def distance(left, right):
        return (encoder(left) - encoder(right)) ** 2 @ w["distance/weighted/kernel"]

    return (distance(anchor, like) - distance(anchor, unlike) + encoder(anchor),)


# Inception (Szegedy et al. 2015) with its branches as chains that are nodes.
INCEPTION = """
network:
  inputs: {image: [6, 6, 2]}
  nodes:
    stem: {layers: [{conv: {features: 4, bias: false}}, batch_norm, relu], from: image}
    one: {layers: [{conv: {features: 2, kernel: 1}}, relu], from: stem}
    three:
      layers:
        - {conv: {features: 3, kernel: 1, activation: relu}}
        - {conv: {features: 3, kernel: 3, activation: relu}, name: wide}
        - {add: {}, from: [wide, wide]}
      from: stem
    both: {concat: {}, from: [one, three, stem]}
    head: {layers: [global_average_pool, {dense: 3}], from: both}
  output: head
"""


def inception(w, image):
    norm = BatchNorm(w, train=True)
    stem = relu(norm("stem/batch_norm", conv(w, "stem/conv", image)))
    one = relu(conv(w, "one/conv", stem))
    three = 2 * relu(conv(w, "three/wide", relu(conv(w, "three/conv", stem))))
    both = np.concatenate([one, three, stem], axis=-1)
    return (dense(w, "head/dense", both.mean(axis=(1, 2))),)


# A U-Net (Ronneberger et al. 2015): each level is handed what is deeper as its body. Bodies read
# `stem` and `coarse`, values of the network around them, through the blocks in between.
UNET = """
blocks:
  double:                      # the numbers of an image twice along both sides
    nodes:
      places: {reshape: [$x.height, 1, $x.width, 1, $x.channels], from: x}
      columns: {tile: {times: 2, axis: -2}, from: places}
      rows: {tile: {times: 2, axis: -4}, from: columns}
      y: {reshape: [2 * $x.height, 2 * $x.width, $x.channels], from: rows}
    output: y
  level:
    params: {features: int, body: layers}
    nodes:
      skip: {conv: {features: $features, activation: relu}, from: x}
      down: {max_pool: 2, from: skip}
      deep: {layers: $body, from: down}
      up: {double: , from: deep}
      y: {conv: {features: $features, activation: relu}, from: [skip, up]}
    output: y
network:
  inputs: {image: [8, 8, 1]}
  nodes:
    stem: {conv: {features: 2, activation: tanh}, from: image}
    y:
      layers:
        - level:
            features: 3
            body:
              - level:
                  features: 4
                  body: [{conv: 5, name: deepest}, {concat: {}, from: [deepest, coarse]}, relu]
              - {max_pool: {window: 1}, name: deeper}
              - residual:
                  - {conv: {features: 4, kernel: 1}, name: inner}
                  - {add: {}, from: [inner, deeper]}
        - {conv: {features: 2, kernel: 1}, name: last}
        - {multiply: {}, from: [last, stem]}
        - conv: {features: 3, kernel: 1}
      from: stem
    coarse: {max_pool: 4, from: stem}
    scores: {global_average_pool: , from: y}
  outputs: [scores, y]
"""


def unet(w, image):
    def double(x):
        return x.repeat(2, axis=1).repeat(2, axis=2)

    def level(path, x, body):
        skip = relu(conv(w, f"{path}/skip", x))
        both = np.concatenate([skip, double(body(max_pool(skip)))], axis=-1)
        return relu(conv(w, f"{path}/y", both))

    def deepest(x):
        x = conv(w, "y/level/deep/level/deep/deepest", x)
        return relu(np.concatenate([x, max_pool(max_pool(stem))], axis=-1))

    def deep(x):
        path = "y/level/deep"
        x = level(f"{path}/level", x, deepest)
        return x + conv(w, f"{path}/residual/body/inner", x) + x

    stem = np.tanh(conv(w, "stem", image))
    last = conv(w, "y/last", level("y/level", stem, deep))
    y = conv(w, "y/conv", last * stem)
    return y.mean(axis=(1, 2)), y


# DenseNet (Huang et al. 2017): a repeat whose layers put what they make beside what they are given.
DENSENET = """
network:
  inputs: {image: [4, 4, 2]}
  layers:
    - {conv: {features: 3, bias: false}, name: stem}
    - repeat:
        times: 5
        input: before
        layers:
          - {batch_norm: , name: norm}
          - relu
          - {conv: {features: 2, bias: false}, name: new}
          - {concat: {}, from: [before, new]}
      name: dense
    - repeat: {over: [6, 5], index: width, layers: [{conv: {features: $width, kernel: 1}}]}
      name: less
    - global_average_pool
    - {dense: 3, name: logits}
"""


def densenet(w, image):
    norm = BatchNorm(w, train=True)
    x = conv(w, "stem", image)
    for i in range(5):
        new = relu(norm(f"dense/{i}/norm", x))
        x = np.concatenate([x, conv(w, f"dense/{i}/new", new)], axis=-1)
    assert x.shape[-1] == 3 + 5 * 2
    x = conv(w, "less/1", conv(w, "less/0", x))
    return (dense(w, "logits", x.mean(axis=(1, 2))),)


# An encoder-decoder of words whose output layer is the table of its input (Press and Wolf 2017),
# and whose layers are one layer again and again (Dehghani et al., Universal Transformers, 2019).
LANGUAGE = """
network:
  inputs: {words: {int: [3], below: 7}}
  nodes:
    token: {embed: 4, from: words}
    place: {weight: [3, 4]}
    x: {layers: [flatten, {dense: 4}], from: sum}
    sum: token + place
    layer: {dense: {features: 4, activation: tanh}, from: x}
    deep:
      repeat:
        times: 4
        layers: [{dense: {features: 4, activation: tanh, kernel: layer.kernel}}]
      from: layer
    logits: {dense: {features: $words.below, kernel: token.table, transpose: true}, from: deep}
    few: {dense: 3, from: logits}
  output: few
"""


def language(w, words):
    x = (w["token/table"][words] + w["place"]).reshape(ROWS, -1)
    x = np.tanh(dense(w, "layer", dense(w, "x/dense", x)))
    for i in range(4):
        x = np.tanh(x @ w["layer/kernel"] + w[f"deep/{i}/bias"])
    return (dense(w, "few", x @ w["token/table"].T + w["logits/bias"]),)


FORMS = {
    "networks inside networks": (TRIPLET, triplet),
    "chains as nodes": (INCEPTION, inception),
    "bodies that read what is around them": (UNET, unet),
    "repeats that grow": (DENSENET, densenet),
    "weights as values": (LANGUAGE, language),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_network_computes_what_it_says(form):
    text, reference = FORMS[form]
    made = make(graphs(text))
    module, state, weights = carried(made.module, made.weights)
    batch = {name: each for name, each in made.batch().items() if name not in ("label", "mask")}
    batch = {name: np.asarray(each[:ROWS]) for name, each in batch.items()}
    found, _ = outputs(module, state, batch, train=True)
    expected = reference(weights, **batch)
    for one, other in zip(found if len(expected) > 1 else (found,), expected, strict=True):
        np.testing.assert_allclose(one, other, **TOLERANCE)


@pytest.mark.parametrize("form", FORMS)
def test_the_passes_keep_its_meaning(form):
    require_same_meaning(graphs(FORMS[form][0]))


@pytest.mark.parametrize("form", FORMS)
def test_it_is_the_same_after_a_round_trip(form):
    networks = graphs(FORMS[form][0])
    written = dump(networks)
    assert graphs(written) == networks
    assert dump(graphs(written)) == written
