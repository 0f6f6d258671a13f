"""A private key in PEM under a passphrase: PKCS #8 (RFC 5958), PBES2 with scrypt (RFC 7914).

`cryptography` reads these but writes only PBKDF2 with 2,048 rounds, which is soon guessed.
"""

import base64
import hashlib
import os
import textwrap

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

# OWASP's figures for 16 MiB, which is what OpenSSL is willing to take.
_N, _R, _P = 2**14, 8, 5
_MAX_MEMORY = 2**26
_SALT_BYTES = 16
_KEY_BYTES = 32

_INTEGER, _OCTETS, _OID, _SEQUENCE = 0x02, 0x04, 0x06, 0x30
_PBES2 = bytes.fromhex("2a864886f70d01050d")
_SCRYPT = bytes.fromhex("2b06010401da47040b")
_AES_256_CBC = bytes.fromhex("60864801650304012a")


def encrypted_pem(private_info: bytes, passphrase: bytes) -> bytes:
    """The PEM of `private_info`, a key as PKCS #8 in DER."""
    salt, iv = os.urandom(_SALT_BYTES), os.urandom(algorithms.AES.block_size // 8)
    key = hashlib.scrypt(
        passphrase, salt=salt, n=_N, r=_R, p=_P, maxmem=_MAX_MEMORY, dklen=_KEY_BYTES
    )
    padder = padding.PKCS7(algorithms.AES.block_size).padder()
    padded = padder.update(private_info) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    numbers = b"".join(_integer(number) for number in (_N, _R, _P))
    kdf = _sequence(_der(_OID, _SCRYPT), _sequence(_der(_OCTETS, salt), numbers))
    cipher = _sequence(_der(_OID, _AES_256_CBC), _der(_OCTETS, iv))
    algorithm = _sequence(_der(_OID, _PBES2), _sequence(kdf, cipher))
    encrypted = encryptor.update(padded) + encryptor.finalize()
    text = base64.b64encode(_sequence(algorithm, _der(_OCTETS, encrypted))).decode()
    label = "ENCRYPTED PRIVATE KEY"
    lines = [f"-----BEGIN {label}-----", *textwrap.wrap(text, 64), f"-----END {label}-----", ""]
    return "\n".join(lines).encode()


def _der(tag: int, body: bytes) -> bytes:
    """Lengths are below 256 here."""
    length = [len(body)] if len(body) < 0x80 else [0x81, len(body)]
    return bytes([tag, *length]) + body


def _sequence(*parts: bytes) -> bytes:
    return _der(_SEQUENCE, b"".join(parts))


def _integer(number: int) -> bytes:
    return _der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))
