# The smallest test runner that is the same on the unix port, in QEMU and on a board.
# A device script defines test_* functions and ends with devtest.run(globals()).
# Printed: "ok <name>", "skip <name>: <why>" or "FAIL <name>: <what>" a test, then
# "N passed, N failed, N skipped", which the host reads.
import sys
import gc


class Skip(Exception):
    pass


def skip(why):
    raise Skip(why)


def equal(got, want):
    if got != want:
        raise AssertionError("got %r, want %r" % (got, want))


def true(value, what="not true"):
    if not value:
        raise AssertionError(what)


# Calls f(*args, **more), which must raise `exception`; with `words`, its text must hold each
# of them. Returns the exception.
def raises(exception, f, *args, words=(), **more):
    try:
        got = f(*args, **more)
    except exception as e:
        text = str(e)
        for word in words:
            if word not in text:
                raise AssertionError("%r does not say %r" % (text, word))
        return e
    raise AssertionError("returned %r instead of raising %s" % (got, exception.__name__))


# Where the harness puts the files that a script needs (modules, bundles, samples).
def path(name):
    for folder in sys.path:
        base = (folder + "/" if folder else "") + "devdata/"
        try:
            open(base + name, "rb").close()
            return base + name
        except OSError:
            pass
    raise OSError("no devdata/%s on sys.path: was the script started by the harness?" % name)


def read(name):
    with open(path(name), "rb") as f:
        return f.read()


# How many times less a test should try that tries a lot: emulators may be slow.
def pace():
    return int(read("pace"))


# With `skipped`, the reason, no test of the script is performed.
def run(names, skipped=None):
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    for name in sorted(n for n in names if n.startswith("test_")):
        gc.collect()
        why = None
        try:
            if skipped:
                skip(skipped)
            names[name]()
            verdict = "ok"
        except Skip as e:
            verdict, why = "skip", str(e)
        except Exception as e:
            verdict, why = "FAIL", "%s: %s" % (type(e).__name__, e)
            sys.print_exception(e)
        counts[verdict] += 1
        print(verdict, name if why is None else name + ": " + why)
    print("%d passed, %d failed, %d skipped" % (counts["ok"], counts["FAIL"], counts["skip"]))
