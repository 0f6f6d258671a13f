# The node's configuration: SPEC.md section 4 and the strict JSON below it.
import devtest
from devtest import equal, raises, true
from wasmote import config, sensors, strictjson

SENSOR = {"kind": "replay", "path": "/samples/a.bin"}


def least():
    return {"site": "lab", "node": "n1", "agents": [{"name": "a", "sensor": dict(SENSOR)}]}


def check(given):
    return config.check(given, sensors.options)


# The lines that `given` is refused with.
def refused(given):
    return raises(config.ConfigError, check, given).errors


def test_defaults_are_filled_in():
    node = check(least())
    equal(node["stat_s"], 10)
    update = {"trial_runs": 20, "trial_s": 300, "url": None, "ca": None, "poll_s": 300}
    equal(node["update"], update)
    equal(node["mqtt"], None)
    equal(node["pool_bytes"], None)
    network = {"kind": None, "timeout_s": 30, "ssid": None, "password": None, "ntp": None}
    equal(node["network"], network)
    agent = node["agents"][0]
    equal((agent["path"], agent["out"]), ("/agents/a", "json"))
    equal(agent["sensor"]["period_ms"], 1000)


def test_mqtt_defaults():
    given = least()
    given["mqtt"] = {"host": "10.0.2.2"}
    mqtt = check(given)["mqtt"]
    equal((mqtt["port"], mqtt["qos"], mqtt["keepalive_s"]), (1883, 1, 30))
    equal((mqtt["prefix"], mqtt["queue"], mqtt["durable"]), ("wasmote", 64, False))


def test_every_error_at_once_by_its_path():
    given = least()
    del given["node"]
    given["site"] = "Lab"
    given["colour"] = "red"
    given["stat_s"] = True
    given["update"] = {"trial_runs": 0, "url": "ftp://h/x", "poll_s": 4, "often": 1}
    given["network"] = {"kind": "pigeon"}
    given["mqtt"] = {"port": 70000, "qos": 2, "password": "p", "durable": 1}
    given["agents"].append({"name": "a", "out": "xml", "sensor": {"kind": "camera"}})
    given["agents"].append(7)
    lines = refused(given)
    for line in (
        "node: missing",
        "site: 'Lab' is not an identifier ([a-z0-9-], 1 to 32 characters)",
        "colour: unknown entry",
        "stat_s: True is not an integer",
        "update.trial_runs: 0 is not in 1..100000",
        "update.poll_s: 4 is not in 5..86400",
        "update.often: unknown entry",
        "update.url: 'ftp://h/x' does not begin with http:// or https://",
        "network.kind: 'pigeon' is not one of lan, wifi, none, serial",
        "mqtt.host: missing",
        "mqtt.port: 70000 is not in 1..65535",
        "mqtt.qos: 2 is not one of 0, 1",
        "mqtt.password: needs mqtt.user",
        "mqtt.durable: 1 is not true or false",
        "agents[1].name: 'a' stands here twice",
        "agents[1].out: 'xml' is not one of json, raw, both",
        "agents[1].sensor.kind: this node has no sensor 'camera'",
        "agents[2]: 7 is not an object",
    ):
        true(line in lines, "no line %r in %r" % (line, lines))
    equal(len(lines), 18)


def test_flash_always_is_flash_too():
    given = least()
    given["mqtt"] = {"host": "10.0.2.2", "durable_always": True}
    equal(refused(given), ["mqtt.durable_always: needs mqtt.durable"])
    given["mqtt"]["durable"] = True
    true(check(given)["mqtt"]["durable_always"])


def test_wifi_needs_a_name():
    given = least()
    given["network"] = {"ssid": "attic", "password": "correct horse"}
    equal(check(given)["network"]["kind"], "wifi")
    given["network"] = {"kind": "wifi"}
    equal(refused(given), ["network.ssid: missing"])
    for kind in ("lan", "none", "serial"):
        given["network"] = {"kind": kind, "ssid": "attic"}
        equal(refused(given), ["network.ssid: only with network.kind 'wifi'"])
    given["network"] = {"password": "correct horse"}
    equal(refused(given), ["network.password: only with network.kind 'wifi'"])


def test_tls():
    given = least()
    given["mqtt"] = {"host": "h", "tls": {"ca": "/ca"}}
    mqtt = check(given)["mqtt"]
    equal(mqtt["port"], 8883)
    equal(mqtt["tls"], {"ca": "/ca", "cert": None, "key": None, "server_name": None})
    given["mqtt"] = {"host": "h"}
    equal(check(given)["mqtt"]["port"], 1883)
    equal(check(given)["mqtt"]["tls"], None)
    for tls, line in (
        ({}, "mqtt.tls.ca: missing"),
        ({"ca": "/ca", "cert": "/c"}, "mqtt.tls: cert and key: both or none"),
        ({"ca": "/ca", "verify": False}, "mqtt.tls.verify: unknown entry"),
    ):
        given["mqtt"] = {"host": "h", "tls": tls}
        equal(refused(given), [line])
    given["mqtt"] = {"tls": {"ca": "/ca"}}
    given["network"] = {"kind": "serial"}
    equal(refused(given), ["mqtt.tls: not over a serial port: wasmote bridge has --tls-ca"])


def test_update_over_tls_alone_or_not_at_all():
    given = least()
    for update in ({"ca": "/ca"}, {"ca": "/ca", "url": "https://h/x"}, {"url": "http://h/x"}):
        given["update"] = update
        equal(check(given)["update"]["ca"], update.get("ca"))
    for update, line in (
        ({"url": "https://h/x"}, "update.url: https:// needs update.ca"),
        ({"ca": "/ca", "url": "http://h/x"}, "update.url: http:// is refused where update.ca is set"),
        ({"ca": ""}, "update.ca: 0 characters, not 1..128"),
        ({"ca": {"ca": "/ca"}}, "update.ca: {'ca': '/ca'} is not a string"),
    ):
        given["update"] = update
        equal(refused(given), [line])


def test_ntp_is_a_host_and_maybe_a_port():
    given = least()
    for right in ("clock.lab", "10.0.0.1:124"):
        given["network"] = {"ntp": right}
        equal(check(given)["network"]["ntp"], right)
    for wrong in ("clock.lab:", "clock.lab:x", "clock.lab:0", "clock.lab:65536", ":123"):
        given["network"] = {"ntp": wrong}
        equal(refused(given), ["network.ntp: %r is not host or host:port" % wrong])


def test_no_message_shows_a_password():
    given = least()
    for password in (31415926, "short", ["hunter22"]):
        given["network"] = {"ssid": "attic", "password": password}
        given["mqtt"] = {"host": "h", "user": "u", "password": password}
        for line in refused(given):
            true(line.startswith(("network.password: ", "mqtt.password: ")), line)
            for secret in ("31415926", "short", "hunter22"):
                true(secret not in line, line)


def test_serial_network_needs_no_host():
    given = least()
    given["network"] = {"kind": "serial"}
    given["mqtt"] = {}
    equal(check(given)["mqtt"]["host"], "bridge")
    given["network"] = {"kind": "none"}
    true("mqtt.host: missing" in refused(given))


def test_sensor_options_are_the_sensors_own():
    given = least()
    given["agents"][0]["sensor"] = {"kind": "replay", "period_ms": -1, "speed": 2}
    equal(
        sorted(refused(given)),
        [
            "agents[0].sensor.path: missing",
            "agents[0].sensor.period_ms: -1 is not in 0..3600000",
            "agents[0].sensor.speed: unknown entry",
        ],
    )


def test_numbers_of_agents():
    given = least()
    given["agents"] = []
    equal(refused(given), ["agents: 0 members, not 1..8"])
    given["agents"] = [{"name": "a%d" % i, "sensor": SENSOR} for i in range(9)]
    equal(refused(given), ["agents: 9 members, not 1..8"])


def test_both_results_need_two_places():
    given = least()
    given["mqtt"] = {"host": "h", "queue": 1}
    check(given)
    given["agents"][0]["out"] = "both"
    equal(refused(given), ["mqtt.queue: 1 is too few for an agent whose out is 'both'"])


def test_an_agents_name_starts_with_a_letter():
    given = least()
    given["agents"][0]["name"] = "4a"
    equal(refused(given), ["agents[0].name: '4a' does not start with a letter"])


def test_an_agents_name_is_not_reserved():
    for name in ("keyset", "timestamp"):
        given = least()
        given["agents"][0]["name"] = name
        equal(refused(given), ["agents[0].name: %r is reserved" % name])


def test_stages_instead_of_a_path():
    given = least()
    given["agents"][0]["stages"] = ["window", "/flash/net/", "vote"]
    agent = check(given)["agents"][0]
    equal(agent["stages"], ["/agents/window", "/flash/net/", "/agents/vote"])
    given["agents"][0]["path"] = "/agents/a"
    equal(refused(given), ["agents[0].path: not beside stages"])
    del given["agents"][0]["path"]
    given["agents"][0]["stages"] = ["window", 3, "Net", "4th"]
    equal(
        refused(given),
        [
            "agents[0].stages[1]: 3 is not a string",
            "agents[0].stages[2]: 'Net' is not an identifier ([a-z0-9-], 1 to 32 characters)",
            "agents[0].stages[3]: '4th' does not start with a letter",
        ],
    )
    for number in (0, 5):
        given["agents"][0]["stages"] = ["window"] * number
        equal(refused(given), ["agents[0].stages: %d members, not 1..4" % number])


def test_grants():
    given = least()
    equal(tuple(check(given)["agents"][0]["grants"]), ("env.*", "nn.*"))
    given["agents"][0]["grants"] = []
    equal(check(given)["agents"][0]["grants"], [])
    given["agents"][0]["grants"] = ["env.log", "nn", 3, ".x"]
    said = "agents[0].grants[%d]: %r is neither module.name nor module.*"
    equal(refused(given), [said % pair for pair in ((1, "nn"), (2, 3), (3, ".x"))])


def test_wrong_types_of_whole_parts():
    lines = refused({"site": 1, "node": [], "agents": {}, "mqtt": 3, "network": "lan"})
    equal(
        sorted(lines),
        [
            "agents: {} is not an array",
            "mqtt: 3 is not an object",
            "network: 'lan' is not an object",
            "node: [] is not a string",
            "site: 1 is not a string",
        ],
    )


def test_bytes_of_a_file():
    data = b'{"site": "lab", "node": "n1", "agents": [{"name": "a", "sensor": {"kind": "x"}}]}'
    error = raises(config.ConfigError, config.parse, data, sensors.options)
    equal(error.errors, ["agents[0].sensor.kind: this node has no sensor 'x'"])
    error = raises(config.ConfigError, config.parse, b'{\n "site" 3}', sensors.options)
    equal(error.errors, ["line 2, column 9: ':' expected"])
    raises(config.ConfigError, config.parse, b" " * 8193, sensors.options, words=["8193 bytes"])


def test_json_values():
    data = b' {"a": [1, -2.5, 1e2, 0], "b": {"c": null}, "d": true, "e": "\\u0041\\n", "f": []}\n'
    want = {"a": [1, -2.5, 100.0, 0], "b": {"c": None}, "d": True, "e": "A\n", "f": []}
    equal(strictjson.loads(data, 100), want)


def test_json_that_is_none():
    for data, words in (
        (b"", "'{' expected"),
        (b"[1]", "'{' expected"),
        (b'{"a": 1, "a": 2}', "key 'a' stands here twice"),
        (b'{"\\u0061": 1, "a": 2}', "key 'a' stands here twice"),
        (b'{"a": 1,}', "a key in quotes"),
        (b'{"a": [1 2]}', "',' or ']'"),
        (b'{"a": 01}', "'01' is no JSON value"),
        (b'{"a": +1}', "no JSON value"),
        (b'{"a": 1.}', "no JSON value"),
        (b'{"a": 1e}', "no JSON value"),
        (b'{"a": NaN}', "no JSON value"),
        (b'{"a": nul}', "no JSON value"),
        (b'{"a": "x', "string without end"),
        (b'{"a": "\n"}', "control character"),
        (b'{"a": "\\"}', "string without end"),
        (b'{"a": 1} {', "behind the end"),
        (b'{"a": 1', "',' or '}'"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, "nested deeper"),
        (b'{"a": "\xff"}', "not UTF-8"),
    ):
        raises(ValueError, strictjson.loads, data, 1000, words=[words])


devtest.run(globals())
