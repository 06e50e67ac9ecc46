"""The examples of docs/commands.md print what the page says."""

import re
import shlex
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def examples():
    """Each command of the page that has a checked output, with that output."""
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def matches(output, wanted):
    """Whether they are equal, a line `...` of `wanted` standing for any lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", wanted, flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*?".join(parts), output) is not None


def test_every_example_prints_what_the_page_says(graphc, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = list(examples())
    assert len(commands) > 10
    for command, wanted in commands:
        program, *arguments = shlex.split(command)
        assert program == "graphc"
        done = graphc(*arguments)
        assert matches(done.out + done.err, wanted), f"{command}\n{done.out}{done.err}"


def test_every_command_has_a_section():
    from graphc.cli.main import COMMANDS

    assert set(re.findall(r"^## (\S+)$", PAGE.read_text(), re.MULTILINE)) == set(COMMANDS)
