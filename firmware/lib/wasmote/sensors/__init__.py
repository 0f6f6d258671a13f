# Sensors. The kind `replay` is the module wasmote.sensors.replay; a kind of your own is
# the module sensor_<kind> anywhere on sys.path (a dash becomes an underscore).
# Such a module has
#   OPTIONS        rules of its configuration entries, in the manner of wasmote.check
#   open(options)  -> a sensor; OSError or ValueError when it cannot be. Or
#   open_for(options, tensor)  the same of a kind that gives what the agent wants: `tensor` is
#                  the agent's first input, as its manifest has it
# and a sensor has
#   sample_bytes   bytes of one sample
#   period_ms      time from sample to sample, 0: as fast as they are taken
#   read_into(b)   puts the next sample into `b`, which is sample_bytes long, and returns
#                  its number, or -1 at the end; allocates nothing
#   close()
# One that hardware makes readings for has period_ms 0 and also
#   wait_ms()      0: there is a sample; else how long to do other things before asking again.
#                  Takes in what the hardware holds, for which a node also calls it between
#                  the slices of an inference; allocates nothing
#   missed         samples that were lost: numbers pass over them
# blocks.py has what such sensors share.


# The module of a kind of sensor, None where there is none.
def find(kind):
    name = kind.replace("-", "_")
    for module in ("wasmote.sensors." + name, "sensor_" + name):
        try:
            found = __import__(module, None, None, ("open",))
        except ImportError:
            continue
        # What sensors share is no sensor.
        if hasattr(found, "open") or hasattr(found, "open_for"):
            return found
    return None


# The rules of a kind's options, as wasmote.config wants them; None: no such sensor.
def options(kind):
    module = find(kind)
    return module.OPTIONS if module else None


# Opens the sensor that `options` are of, for an agent whose first input is `tensor`.
def open_for(options, tensor):
    module = find(options["kind"])
    if hasattr(module, "open_for"):
        return module.open_for(options, tensor)
    return module.open(options)
