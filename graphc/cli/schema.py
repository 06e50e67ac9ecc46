"""`graphc schema`."""

from __future__ import annotations

import json

import click

from graphc.cli.common import load_offered, output_option, put
from graphc.cli.failures import Command
from graphc.insight.schema import spec_schema


@click.command(cls=Command)
@output_option
def command(output: str | None) -> None:
    """Print the JSON Schema of specs, for editors.

    It is of draft 7. An editor with yaml-language-server takes it by a first line in the spec:

        # yaml-language-server: $schema=graphc.json
    """
    load_offered()
    put(json.dumps(spec_schema(), indent=1) + "\n", output)
