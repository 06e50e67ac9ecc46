"""Tags of steps, of sequences that are as long as each other or not."""

import graphc as gc

SPEC = """\
graphc: 1
network:
  inputs: {word: {int: [time], below: data}}
  layers: [{embed: 4}, {bidirectional: [{gru: 4}]}, {dense: 3}]
data:
  csv:
    path: tags.csv
    target: tag
    features: []
    index: [word]
    sequence: sentence
    target_of: step
    validation: 2
    test: 2
train: {loss: cross_entropy, metrics: entity_f1}
"""


def model(folder, lengths):
    rows = [
        f"{number},{'abc'[step % 3]},{(number + step) % 3}"
        for number, length in enumerate(lengths)
        for step in range(length)
    ]
    (folder / "tags.csv").write_text("\n".join(["sentence,word,tag", *rows]))
    (folder / "tags.yaml").write_text(SPEC)
    return gc.compile(folder / "tags.yaml", device="cpu")


def test_entities_are_counted_up_to_the_end_of_their_sequence(tmp_path):
    source = model(tmp_path, [3, 5, 4, 6, 2, 3, 4, 5]).source
    assert 'entity_hits(outputs, batch["tag"], batch["time:length"])' in source


def test_entities_of_sequences_of_one_length_need_none(tmp_path):
    assert 'entity_hits(outputs, batch["tag"])' in model(tmp_path, [4] * 8).source
