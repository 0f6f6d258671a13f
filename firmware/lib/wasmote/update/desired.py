# What a node is asked to run, SPEC.md 11.1. Pure code: bytes in.
from binascii import unhexlify

from ..check import REQUIRED, FormError, fields
from ..strictjson import loads

LIMIT = 4096
MQTT = "mqtt:"  # instead of a folder: in pieces

_DESIRED = {
    "format": ("one", REQUIRED, (1,)),
    "agents": ("dict", REQUIRED),
    "keysets": ("dict", None),
    "timestamp": ("dict", None),
}
_AGENT = {
    "manifest": ("str", REQUIRED, 64, 64),
    "url": ("str", MQTT, 5, 256),
}
_KEYSETS = {
    "version": ("int", REQUIRED, 1, 0x7FFFFFFF),
    "url": ("str", MQTT, 5, 256),
}
_STAMP = {
    "document": ("str", REQUIRED, 2, 2048),
    "signatures": ("str", REQUIRED, 16, 2320),
}


class DesiredError(FormError):
    pass


# Which URLs are not taken where `update.ca` is `ca`, and why. It divides them: who sets it says
# that what comes in the clear must not count, whoever asks for it.
def not_taken(ca, has_tls=True):
    if ca:
        return "http://", "http:// is refused where update.ca is set"
    return "https://", "https:// needs update.ca" if has_tls else "https://: this firmware has no TLS"


# ({agent name: (digest, url)}, None or (version, url), None or (time stamp, signatures)).
# `refused`: a beginning of URLs, and why nothing that names one counts.
def parse(data, refused=(None, None)):
    try:
        given = loads(data, LIMIT)
    except ValueError as e:
        raise DesiredError("desired", [str(e)])
    errors = []
    given = fields(given, _DESIRED, "", errors)
    agents = {}
    for name, entry in (given["agents"] or {}).items():
        entry = _entry(entry, _AGENT, "agents." + name, errors, refused)
        agents[name] = _digest(entry["manifest"], name, errors), entry["url"]
    keysets = given["keysets"]
    if keysets is not None:
        keysets = _entry(keysets, _KEYSETS, "keysets", errors, refused)
        keysets = keysets["version"], keysets["url"]
    stamp = given["timestamp"]
    if stamp is not None:
        stamp = _stamp(stamp, errors)
    if errors:
        raise DesiredError("desired", errors)
    return agents, keysets, stamp


def _stamp(given, errors):
    if type(given) is not dict:
        errors.append("timestamp: %r is not an object" % given)
        return None
    entry = fields(given, _STAMP, "timestamp", errors)
    try:
        return (entry["document"] or "").encode(), unhexlify(entry["signatures"] or "")
    except ValueError:
        errors.append("timestamp.signatures: not hex digits")
    return None


def _entry(given, rules, path, errors, refused):
    if type(given) is not dict:
        errors.append("%s: %r is not an object" % (path, given))
        return {key: None for key in rules}
    entry = fields(given, rules, path, errors)
    url = entry["url"]
    if url and url != MQTT and not (url.startswith(("http://", "https://")) and url.endswith("/")):
        errors.append("%s.url: %r is not a folder: http://.../ or https://.../, nor mqtt:" % (path, url))
    elif url and refused[0] and url.startswith(refused[0]):
        errors.append("%s.url: %s: %r" % (path, refused[1], url))
    return entry


def _digest(text, name, errors):
    if text and all(c in "0123456789abcdef" for c in text):
        return unhexlify(text)
    if text:
        errors.append("agents.%s.manifest: %r is not 64 hex digits" % (name, text))
    return None
