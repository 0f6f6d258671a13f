# The node's configuration, SPEC.md section 4. Pure code: what the board and its sensors
# offer is handed in.
from .check import REQUIRED, FormError, fields, wrong
from .strictjson import loads

LIMIT = 8192

_FOLDER = "/agents/"

_NODE = {
    "site": ("id", REQUIRED),
    "node": ("id", REQUIRED),
    "pool_bytes": ("int", None, 1024, 1 << 28),
    "network": ("dict", None),
    "mqtt": ("dict", None),
    "update": ("dict", None),
    "stat_s": ("int", 10, 1, 3600),
    "watchdog_s": ("int", None, 0, 3600),
    "agents": ("list", REQUIRED, 1, 8),
}
_NETWORK = {
    "kind": ("one", None, ("lan", "wifi", "none", "serial")),
    "timeout_s": ("int", 30, 1, 300),
    "ssid": ("str", None, 1, 32),
    "password": ("secret", None, 8, 64),
    "ntp": ("str", None, 1, 253),
}
_PORT = 1883
_TLS_PORT = 8883
_MQTT = {
    "port": ("int", None, 1, 65535),
    "tls": ("dict", None),
    "user": ("str", None, 1, 128),
    "password": ("secret", None, 0, 128),
    "prefix": ("id", "wasmote"),
    "qos": ("one", 1, (0, 1)),
    "keepalive_s": ("int", 30, 5, 3600),
    "timeout_s": ("int", 10, 1, 120),
    "queue": ("int", 64, 1, 1000),
    "durable": ("bool", False),
    "durable_always": ("bool", False),
    "durable_bytes": ("int", 65536, 8192, 16777216),
}
_UPDATE = {
    "trial_runs": ("int", 20, 1, 100000),
    "trial_s": ("int", 300, 1, 86400),
    "url": ("str", None, 8, 256),
    "ca": ("str", None, 1, 128),
    "poll_s": ("int", 300, 5, 86400),
}
_TLS = {
    "ca": ("str", REQUIRED, 1, 128),
    "cert": ("str", None, 1, 128),
    "key": ("str", None, 1, 128),
    "server_name": ("str", None, 1, 253),
}
_AGENT = {
    "name": ("agent", REQUIRED),
    "path": ("str", None, 1, 128),
    "stages": ("list", None, 1, 4),
    "out": ("one", "json", ("json", "raw", "both")),
    "grants": ("list", ("env.*", "nn.*"), 0, 32),
    "sensor": ("dict", REQUIRED),
}
_STAGE = {True: ("str", REQUIRED, 1, 128), False: ("agent", REQUIRED)}  # whether it is a path
_KIND = ("id", REQUIRED)


class ConfigError(FormError):
    pass


# Parses the bytes of a configuration file.
def parse(data, sensor_options):
    try:
        given = loads(data, LIMIT)
    except ValueError as e:
        raise ConfigError("configuration", [str(e)])
    return check(given, sensor_options)


# Returns the configuration with every default filled in. `sensor_options(kind)`: the
# rules of that kind of sensor's options, None where there is no such sensor.
def check(given, sensor_options):
    errors = []
    config = fields(given, _NODE, "", errors)
    config["network"] = _network(config["network"] or {}, errors)
    if config["mqtt"] is not None:
        config["mqtt"] = _mqtt(config["mqtt"], config["network"]["kind"], errors)
    config["update"] = _update(config["update"] or {}, errors)
    config["agents"] = _agents(config["agents"] or [], sensor_options, errors)
    _check_queue(config, errors)
    if errors:
        raise ConfigError("configuration", errors)
    return config


# A sample of an agent that publishes both forms needs two places.
def _check_queue(config, errors):
    if config["mqtt"] and config["mqtt"]["queue"] == 1:
        if any(agent["out"] == "both" for agent in config["agents"]):
            errors.append("mqtt.queue: 1 is too few for an agent whose out is 'both'")


def _network(given, errors):
    network = fields(given, _NETWORK, "network", errors)
    if "ssid" in given and "kind" not in given:
        network["kind"] = "wifi"
    if network["kind"] != "wifi":
        for key in ("ssid", "password"):
            if key in given:
                errors.append("network.%s: only with network.kind 'wifi'" % key)
    elif "ssid" not in given:
        errors.append("network.ssid: missing")
    if network["ntp"] is not None:
        host, colon, port = network["ntp"].partition(":")
        if not host or colon and not (port.isdigit() and 1 <= int(port) <= 65535):
            errors.append("network.ntp: %r is not host or host:port" % network["ntp"])
    return network


def _mqtt(given, network, errors):
    # On a serial port the bridge knows the broker: all that a node says of it is a name.
    rules = dict(_MQTT)
    rules["host"] = ("str", "bridge" if network == "serial" else REQUIRED, 1, 253)
    mqtt = fields(given, rules, "mqtt", errors)
    if mqtt["password"] is not None and mqtt["user"] is None:
        errors.append("mqtt.password: needs mqtt.user")
    if mqtt["tls"] is not None:
        mqtt["tls"] = _tls(mqtt["tls"], network, errors)
    if mqtt["port"] is None:
        mqtt["port"] = _TLS_PORT if mqtt["tls"] else _PORT
    if mqtt["durable_always"] and not mqtt["durable"]:
        errors.append("mqtt.durable_always: needs mqtt.durable")
    return mqtt


def _update(given, errors):
    update = fields(given, _UPDATE, "update", errors)
    url = update["url"]
    if url is not None and not url.startswith(("http://", "https://")):
        errors.append("update.url: %r does not begin with http:// or https://" % url)
    elif url is not None:
        from .update.desired import not_taken

        start, why = not_taken(update["ca"])
        if url.startswith(start):
            errors.append("update.url: " + why)
    return update


def _tls(given, network, errors):
    tls = fields(given, _TLS, "mqtt.tls", errors)
    if (tls["cert"] is None) != (tls["key"] is None):
        errors.append("mqtt.tls: cert and key: both or none")
    if network == "serial":
        errors.append("mqtt.tls: not over a serial port: wasmote bridge has --tls-ca")
    return tls


def _agents(given, sensor_options, errors):
    result = []
    names = set()
    for i, entry in enumerate(given):
        path = "agents[%d]" % i
        if type(entry) is not dict:
            errors.append("%s: %r is not an object" % (path, entry))
            continue
        agent = _agent(entry, path, sensor_options, errors)
        if agent["name"] in names:
            errors.append("%s.name: %r stands here twice" % (path, agent["name"]))
        if agent["name"]:
            names.add(agent["name"])
        result.append(agent)
    return result


def _agent(entry, path, sensor_options, errors):
    agent = fields(entry, _AGENT, path, errors)
    if agent["stages"] is not None:
        agent["stages"] = _stages(agent["stages"], path + ".stages", errors)
        if agent["path"] is not None:
            errors.append("%s.path: not beside stages" % path)
    elif agent["path"] is None:
        agent["path"] = _FOLDER + str(agent["name"])
    for i, grant in enumerate(agent["grants"] or ()):
        module, _, name = grant.partition(".") if type(grant) is str else ("", "", "")
        if not (module and name):
            errors.append("%s.grants[%d]: %r is neither module.name nor module.*" % (path, i, grant))
    if agent["sensor"] is not None:
        agent["sensor"] = _sensor(agent["sensor"], path + ".sensor", sensor_options, errors)
    return agent


# Their paths.
def _stages(given, path, errors):
    result = []
    for i, stage in enumerate(given):
        is_path = type(stage) is str and "/" in stage
        what = wrong(stage, _STAGE[is_path])
        if what:
            errors.append("%s[%d]: %s" % (path, i, what))
        result.append(stage if is_path else _FOLDER + str(stage))
    return result


def _sensor(given, path, sensor_options, errors):
    before = len(errors)
    kind = fields(given, {"kind": _KIND}, path, errors, lambda key: True)["kind"]
    if len(errors) > before:
        return None
    options = sensor_options(kind)
    if options is None:
        errors.append("%s.kind: this node has no sensor %r" % (path, kind))
        return None
    rules = {"kind": _KIND}
    rules.update(options)
    return fields(given, rules, path, errors)
