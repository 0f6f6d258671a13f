# wasmote on a node: agents, sensors, links. Parts are imported when they are used.
#
#   Agent(path)      one agent: infer(buffer), await infer_async(buffer), verify(), close()
#   Pipeline(paths)  agents in a row, used as one
#   Node(config)     asyncio: sample, infer, publish; for a program of your own, which
#                    makes it by Node.from_file(path) and awaits its run()
#   run(path)        what a board's main.py calls

__version__ = "0.1.0"

_CLASSES = {"Agent": "agent", "Node": "node", "Pipeline": "pipeline"}


# Imports a class, or a module of the package, when its name is first used. Also what
# `from . import fs` ends in where fs is not imported yet.
def __getattr__(name):
    module = "wasmote." + _CLASSES.get(name, name)
    try:
        found = __import__(module, None, None, (name,))
    except ImportError as e:
        if module not in str(e):
            raise
        raise AttributeError(name)
    value = getattr(found, name) if name in _CLASSES else found
    globals()[name] = value
    return value


# Runs the node that the configuration file describes until every sensor has ended, or
# Ctrl-C. What is wrong is printed, a line each, and the caller goes on.
def run(config="/wasmote.json"):
    from .main import run as run_node

    run_node(config)
