# JSON as SPEC.md wants it. MicroPython's json module keeps the last of two equal keys,
# takes `[1 2]` for `[1, 2]` and says no more than "syntax error"; this parser refuses
# all three and names the line and column.
import json
from micropython import const

_DEPTH_MAX = const(8)


class _Parser:
    def __init__(self, text):
        self.text = text
        self.at = 0

    def fail(self, what):
        before = self.text[: self.at]
        line = before.count("\n") + 1
        column = self.at - before.rfind("\n")
        raise ValueError("line %d, column %d: %s" % (line, column, what))

    # The next character that is no white space, "" at the end.
    def peek(self):
        text = self.text
        at = self.at
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        self.at = at
        return text[at : at + 1]

    def expect(self, char):
        if self.peek() != char:
            self.fail("%r expected" % char)
        self.at += 1

    def value(self, depth):
        if depth > _DEPTH_MAX:
            self.fail("nested deeper than %d" % _DEPTH_MAX)
        char = self.peek()
        if char == "{":
            return self.object(depth)
        if char == "[":
            return self.array(depth)
        if char == '"':
            return self.string()
        return self.word()

    def object(self, depth):
        result = {}
        self.at += 1
        if self.peek() == "}":
            self.at += 1
            return result
        while True:
            if self.peek() != '"':
                self.fail("a key in quotes expected")
            key = self.string()
            if key in result:
                self.fail("key %r stands here twice" % key)
            self.expect(":")
            result[key] = self.value(depth + 1)
            if not self.more("}"):
                return result

    def array(self, depth):
        result = []
        self.at += 1
        if self.peek() == "]":
            self.at += 1
            return result
        while True:
            result.append(self.value(depth + 1))
            if not self.more("]"):
                return result

    # After a member: true at a comma, false at `end`.
    def more(self, end):
        char = self.peek()
        if char != "," and char != end:
            self.fail("',' or %r expected" % end)
        self.at += 1
        return char == ","

    def string(self):
        start = self.at
        end = start
        while True:
            end = self.text.find('"', end + 1)
            if end < 0:
                self.fail("string without end")
            slashes = 0
            while self.text[end - 1 - slashes] == "\\":
                slashes += 1
            if slashes % 2 == 0:
                break
        token = self.text[start : end + 1]
        for char in token:
            if ord(char) < 32:
                self.fail("control character in a string")
        if "\\" in token:
            try:
                value = json.loads(token)
            except ValueError:
                self.fail("bad escape in a string")
        else:
            value = token[1:-1]
        self.at = end + 1
        return value

    # A number, true, false or null.
    def word(self):
        start = end = self.at
        while self.text[end : end + 1] not in ("", ",", "}", "]", " ", "\t", "\r", "\n", ":"):
            end += 1
        token = self.text[start:end]
        words = {"true": True, "false": False, "null": None}
        if token in words:
            value = words[token]
        elif _is_number(token):
            value = float(token) if any(c in token for c in ".eE") else int(token)
        else:
            self.fail("%r is no JSON value" % token[:16])
        self.at = end
        return value


# True for the JSON grammar of numbers: no sign +, no leading zero, no bare point.
def _is_number(token):
    digits = token[1:] if token[:1] == "-" else token
    mantissa, _, exponent = digits.replace("E", "e").partition("e")
    if "e" in token.lower():
        exponent = exponent[1:] if exponent[:1] in ("+", "-") else exponent
        if not exponent.isdigit():
            return False
    whole, point, fraction = mantissa.partition(".")
    if point and not fraction.isdigit():
        return False
    return whole.isdigit() and (whole == "0" or whole[0] != "0")


# Parses one JSON object out of `data` (bytes). Raises ValueError, its text says where.
def loads(data, limit):
    if len(data) > limit:
        raise ValueError("%d bytes, at most %d are allowed" % (len(data), limit))
    try:
        text = str(data, "utf-8")
    except (UnicodeError, ValueError):
        raise ValueError("not UTF-8")
    parser = _Parser(text)
    if parser.peek() != "{":
        parser.fail("'{' expected")
    result = parser.value(1)
    if parser.peek():
        parser.fail("something behind the end of the object")
    return result
