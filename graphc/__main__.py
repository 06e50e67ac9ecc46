"""`python -m graphc`: the same as `graphc`."""

from graphc.cli.main import main

raise SystemExit(main())
