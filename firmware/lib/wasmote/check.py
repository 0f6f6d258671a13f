# Checks a JSON object against a table of rules and reports every wrong, missing and
# unknown entry by its path. Used for the configuration, the sensors' options and the
# manifest.
#
# A table: entry -> (kind, default, ...). Kinds and what follows the default:
#   "int", low, high      "number"              "bool"
#   "str", low, high (characters)               "one", (allowed values)
#   "secret", low, high: a str that no message shows
#   "id" (identifier)     "name" (an identifier that starts with a letter)
#   "agent" (a name that an agent may have)
#   "list", low, high (members)                 "dict"
#   "pin" (what machine.Pin takes: a number or a name; also the number or name of a bus)
# A default of REQUIRED means that the entry must be there.

REQUIRED = object()

_ID = "abcdefghijklmnopqrstuvwxyz0123456789-"
# What the node keeps beside agents, by name: its key set in the store, time stamps in the trust
# state
_RESERVED = ("keyset", "timestamp")
_TYPES = {
    "int": (int, "an integer"),
    "bool": (bool, "true or false"),
    "str": (str, "a string"),
    "id": (str, "a string"),
    "name": (str, "a string"),
    "agent": (str, "a string"),
    "list": (list, "an array"),
    "dict": (dict, "an object"),
}


# Input that does not follow SPEC.md; `errors` holds one line an entry.
class FormError(ValueError):
    def __init__(self, what, errors):
        super().__init__("%s: %s" % (what, "; ".join(errors)))
        self.errors = errors


def is_identifier(text):
    return 1 <= len(text) <= 32 and all(c in _ID for c in text)


# Returns what is wrong with `value` under `rule`, None when it is right.
def wrong(value, rule):
    kind = rule[0]
    if kind == "pin":
        if type(value) is int and value >= -1 or type(value) is str and 1 <= len(value) <= 16:
            return None
        return "%r is neither a number nor a name" % (value,)
    if kind == "one":
        if value in rule[2] and type(value) is type(rule[2][0]):
            return None
        return "%r is not one of %s" % (value, ", ".join(str(v) for v in rule[2]))
    if kind == "number":
        return None if type(value) in (int, float) else "%r is not a number" % (value,)
    if kind == "secret":
        if type(value) is not str:
            return "not a string"
        kind = "str"
    of_type, words = _TYPES[kind]
    if type(value) is not of_type:
        return "%r is not %s" % (value, words)
    if kind == "int" and not rule[2] <= value <= rule[3]:
        return "%d is not in %d..%d" % (value, rule[2], rule[3])
    if kind in ("str", "list") and not rule[2] <= len(value) <= rule[3]:
        unit = "characters" if kind == "str" else "members"
        return "%d %s, not %d..%d" % (len(value), unit, rule[2], rule[3])
    if kind in ("id", "name", "agent") and not is_identifier(value):
        return "%r is not an identifier ([a-z0-9-], 1 to 32 characters)" % value
    if kind in ("name", "agent") and not "a" <= value[0] <= "z":
        return "%r does not start with a letter" % value
    if kind == "agent" and value in _RESERVED:
        return "%r is reserved" % value
    return None


# Returns a new dict with every entry of `rules`, defaults filled in; what is wrong goes
# to `errors` by its path. `allow(key)`: unknown entries that are passed over.
def fields(given, rules, path, errors, allow=None):
    prefix = path + "." if path else ""
    result = {}
    for key in given:
        if key not in rules and not (allow and allow(key)):
            errors.append("%s%s: unknown entry" % (prefix, key))
    for key, rule in rules.items():
        value = rule[1]
        if key in given:
            value = given[key]
            what = wrong(value, rule)
            if what:
                errors.append("%s%s: %s" % (prefix, key, what))
                value = None
        elif value is REQUIRED:
            errors.append("%s%s: missing" % (prefix, key))
            value = None
        result[key] = value
    return result
