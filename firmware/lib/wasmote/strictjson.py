# JSON as SPEC.md wants it. MicroPython's json module keeps the last of two equal keys,
# takes `[1 2]` for `[1, 2]` and `"\q"` for `"q"`, makes two characters of a surrogate pair, which
# are none, and says no more than "syntax error"; this parser refuses all of them and names the
# line and column.
import json
from micropython import const

_DEPTH_MAX = const(8)
_QUOTE = const(0x22)
_COMMA = const(0x2C)
_COLON = const(0x3A)
_ARRAY = const(0x5B)
_BACKSLASH = const(0x5C)
_U = const(0x75)
_MINUS = const(0x2D)
_POINT = const(0x2E)
_ZERO = const(0x30)
_ARRAY_END = const(0x5D)
_OBJECT = const(0x7B)
_OBJECT_END = const(0x7D)
# Of a character's bytes: the first -> what the second may be, where that is not any
_SECOND = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}
_WORDS = {b"true": True, b"false": False, b"null": None}


# Works on bytes: indexing a str costs MicroPython a walk from its start.
class _Parser:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def fail(self, what):
        before = str(self.data[: self.at], "utf-8")
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        raise ValueError("line %d, column %d: %s" % (line, column, what))

    # The next byte that is no white space, -1 at the end.
    def peek(self):
        data = self.data
        at = self.at
        end = len(data)
        while at < end and data[at] in b" \t\r\n":
            at += 1
        self.at = at
        return data[at] if at < end else -1

    def expect(self, byte):
        if self.peek() != byte:
            self.fail("%r expected" % chr(byte))
        self.at += 1

    def value(self, depth):
        if depth > _DEPTH_MAX:
            self.fail("nested deeper than %d" % _DEPTH_MAX)
        byte = self.peek()
        if byte == _OBJECT:
            return self.object(depth)
        if byte == _ARRAY:
            return self.array(depth)
        if byte == _QUOTE:
            return self.string()
        return self.word()

    def object(self, depth):
        result = {}
        self.at += 1
        if self.peek() == _OBJECT_END:
            self.at += 1
            return result
        while True:
            if self.peek() != _QUOTE:
                self.fail("a key in quotes expected")
            key = self.string()
            if key in result:
                self.fail("key %r stands here twice" % key)
            self.expect(_COLON)
            result[key] = self.value(depth + 1)
            if not self.more(_OBJECT_END):
                return result

    def array(self, depth):
        result = []
        self.at += 1
        if self.peek() == _ARRAY_END:
            self.at += 1
            return result
        while True:
            result.append(self.value(depth + 1))
            if not self.more(_ARRAY_END):
                return result

    # After a member: true at a comma, false at `end`.
    def more(self, end):
        byte = self.peek()
        if byte != _COMMA and byte != end:
            self.fail("',' or %r expected" % chr(end))
        self.at += 1
        return byte == _COMMA

    def string(self):
        data = self.data
        start = end = self.at
        while True:
            end = data.find(b'"', end + 1)
            if end < 0:
                self.fail("string without end")
            slashes = 0
            while data[end - 1 - slashes] == _BACKSLASH:
                slashes += 1
            if slashes % 2 == 0:
                break
        token = data[start : end + 1]
        if min(token) < 32:
            self.fail("control character in a string")
        if _BACKSLASH in token:
            self.check_escapes(token)
            value = json.loads(token)
        else:
            value = str(token[1:-1], "utf-8")
        self.at = end + 1
        return value

    def check_escapes(self, token):
        at = token.find(b"\\")
        while at >= 0:
            kind = token[at + 1]
            digits = token[at + 2 : at + 6].lower()
            if kind == _U:
                if len(digits) < 4 or any(c not in b"0123456789abcdef" for c in digits):
                    self.fail("bad escape in a string")
                if b"d800" <= digits <= b"dfff":
                    self.fail("a surrogate as an escape: write the character itself")
            elif kind not in b'"\\/bfnrt':
                self.fail("bad escape in a string")
            at = token.find(b"\\", at + 2)

    # A number, true, false or null.
    def word(self):
        data = self.data
        start = end = self.at
        while end < len(data) and data[end] not in b",}] \t\r\n:":
            end += 1
        token = data[start:end]
        if token in _WORDS:
            value = _WORDS[token]
        elif _is_number(token):
            whole = b"." not in token and b"e" not in token and b"E" not in token
            value = int(token) if whole else float(token)
        else:
            self.fail("%r is no JSON value" % str(token, "utf-8")[:16])
        self.at = end
        return value


# True for the JSON grammar of numbers: no sign +, no leading zero, no bare point. It leaves no
# garbage: what lies between it splits the heap.
def _is_number(token):
    size = len(token)
    start = 1 if size and token[0] == _MINUS else 0
    at = _digits(token, start)
    if at == start or token[start] == _ZERO and at > start + 1:
        return False
    if at < size and token[at] == _POINT:
        start = at + 1
        at = _digits(token, start)
        if at == start:
            return False
    if at < size and token[at] in b"eE":
        start = at + 1
        if start < size and token[start] in b"+-":
            start += 1
        at = _digits(token, start)
        if at == start:
            return False
    return at == size


# Where the digits from `at` on end.
def _digits(token, at):
    while at < len(token) and token[at] in b"0123456789":
        at += 1
    return at


# str() looks at the shape of sequences only: not for surrogates, for what is longer than it need
# be, nor for what is beyond U+10FFFF.
def _is_utf8(data):
    if not data or max(data) < 0x80:
        return True
    try:
        str(data, "utf-8")
    except (UnicodeError, ValueError):
        return False
    for i, byte in enumerate(data):
        if byte >= 0xC0:
            low, high = _SECOND.get(byte, (0x80, 0xBF))
            if not (0xC2 <= byte <= 0xF4 and low <= data[i + 1] <= high):
                return False
    return True


# Parses one JSON object out of `data` (bytes, or a view of some). Raises ValueError, its text says
# where, and MemoryError.
def loads(data, limit):
    if len(data) > limit:
        raise ValueError("%d bytes, at most %d are allowed" % (len(data), limit))
    if not _is_utf8(data):
        raise ValueError("not UTF-8")
    try:
        return _parse(data)
    except MemoryError:
        # What was parsed is garbage by now.
        raise MemoryError("no memory for what is in %d bytes of JSON" % len(data))


def _parse(data):
    parser = _Parser(data if type(data) is bytes else bytes(data))
    if parser.peek() != _OBJECT:
        parser.fail("'{' expected")
    result = parser.value(1)
    if parser.peek() >= 0:
        parser.fail("something behind the end of the object")
    return result
