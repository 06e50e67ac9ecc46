"""The public face: compile, train and use a network from Python."""

from graphc.api.data_graphs import from_networkx as from_networkx
from graphc.api.ensemble import Ensemble as Ensemble
from graphc.api.graphs import Graph as Graph
from graphc.api.graphs import check as check
from graphc.api.graphs import dump as dump
from graphc.api.graphs import load as load
from graphc.api.model import Model as Model
from graphc.api.model import compile as compile
from graphc.api.run import Inference as Inference
from graphc.api.run import Run as Run
from graphc.api.run import load_run as load_run
from graphc.api.several import SeveralRuns as SeveralRuns
from graphc.api.sweep import Sweep as Sweep
