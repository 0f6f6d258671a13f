# wasmote on a node: agents, sensors, links. Parts are imported when they are used.
#
#   Agent(path)      one agent out of its folder: infer(buffer), verify(), close()
#   Node(config)     asyncio: sample, infer, publish; for a program of your own
#   run(path)        what a board's main.py calls

__version__ = "0.1.0"

_LAZY = {"Agent": "agent", "Node": "node"}


def __getattr__(name):
    if name not in _LAZY:
        raise AttributeError(name)
    module = __import__("wasmote." + _LAZY[name], None, None, (name,))
    value = getattr(module, name)
    globals()[name] = value
    return value


# Runs the node that the configuration file describes until every sensor has ended, or
# Ctrl-C. What is wrong is printed, a line each, and the caller goes on.
def run(config="/wasmote.json"):
    from .main import run as run_node

    run_node(config)
