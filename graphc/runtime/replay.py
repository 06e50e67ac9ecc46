from graphc.core.diagnostic import Diagnostic
from graphc.runtime.files import write_json
def explain(module, event, course, blueprint):
    return Diagnostic("GC601", f"the loss is not finite at step {event.snapshot.position.step}")
def keep_replay(run, event):
    write_json(run.path/"not_finite.json", {"step": event.snapshot.position.step, "rows": event.rows.tolist()})
