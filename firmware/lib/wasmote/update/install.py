# Brings a version of an agent into the store, SPEC.md 11.2 steps 1 and 2. It arrives as
# <name>.new, which holds what is there already.
import asyncio
import gc
import hashlib
from binascii import unhexlify

import wasm3
from micropython import const

from .. import manifest
from ..keyset import LIMIT as KEYSET_MAX
from ..keyset import SIGNATURES_LIMIT, Refused
from ..store import StoreError, StoreFull
from .versions import NEW, OLD, TRIAL

_TRIES = const(5)  # in a row, each after twice the time
_PROGRESS = const(1024)  # bytes that make an attempt a good one


# An update that has failed. `again`: later it may not.
class Failed(Exception):
    def __init__(self, code, message, again=False, missing=False):
        super().__init__(message)
        self.code = code
        self.message = message
        self.again = again
        self.missing = missing  # the source has no such file


class Installer:
    # `source`: of source.py. `progress(percent)` is told.
    def __init__(self, versions, source, progress):
        self._versions = versions
        self._store = versions.store
        self._source = source
        self._progress = progress
        self._arrived = {}

    # All of the version's files, {name: digest}, and its sequence, 0 without a signature.
    # Refused, Failed.
    async def bring(self, digest):
        data, signatures, given = self._known(digest) or await self._fetch_manifest(digest)
        self._check_pool(given)
        try:
            await self._bring(data, signatures, given)
        except StoreFull as e:
            raise Refused("too-large", str(e))
        except StoreError as e:
            raise Failed("digest", str(e), again=True)
        return self._arrived, 0 if signatures is None else given["sequence"]

    # (manifest, signatures, the manifest parsed) that are here already: of a version that ran, or
    # an attempt before.
    def _known(self, digest):
        for suffix in (NEW, OLD, TRIAL):
            files = self._versions.files(suffix)
            if files.get("manifest.json") == digest and "manifest.sig" in files:
                data, signatures = (
                    bytes(self._store.get(files[n])) for n in ("manifest.json", "manifest.sig")
                )
                try:
                    return data, signatures, self._check(data, signatures)
                except Refused:
                    pass  # another key may have signed it since
        return None

    def _check(self, data, signatures):
        versions = self._versions
        if signatures is None:
            return versions.trust.check_unsigned(data, versions.name)
        return versions.trust.check(data, signatures, versions.name, versions.kept())

    async def _fetch_manifest(self, digest):
        data = await self._fetch("manifest.json", manifest.LIMIT)
        if hashlib.sha256(data).digest() != digest:
            raise Failed("digest", "manifest.json there is another one", again=True)
        signatures = await self._fetch_signatures()
        return data, signatures, self._check(data, signatures)

    # None: there are none, and it may do without.
    async def _fetch_signatures(self):
        try:
            return await self._fetch("manifest.sig", SIGNATURES_LIMIT)
        except Failed as e:
            if not (e.missing and self._source.by_hand):
                raise
        return b"" if self._versions.trust.locked else None

    async def _fetch(self, name, limit):
        return await fetch(self._source, name, limit)

    def _check_pool(self, given):
        size = wasm3.pool_info()[0]
        if given["memory_bytes"] > size:
            words = "it wants %d bytes of memory, the pool has %d"
            raise Refused("too-large", words % (given["memory_bytes"], size))

    async def _bring(self, data, signatures, given):
        self._keep("manifest.json", data)
        if signatures is not None:
            self._keep("manifest.sig", signatures)
        wanted = [name for name in sorted(given["files"]) if name not in (given["builds"] or ())]
        total = sum([given["files"][name]["size"] for name in wanted]) or 1
        done = 0
        for name in wanted:
            entry = given["files"][name]
            sha256 = unhexlify(entry["sha256"])
            await self._bring_file(
                name, entry["size"], sha256, lambda n: self._progress((done + n) * 100 // total)
            )
            done += entry["size"]
            self._hold(name, sha256)

    def _keep(self, name, data):
        sha256 = hashlib.sha256(data).digest()
        writer = self._versions.put(len(data), sha256)
        if writer:
            with writer:
                writer.write(data)
        self._hold(name, sha256)

    def _hold(self, name, sha256):
        self._arrived[name] = sha256
        self._store.hold(self._versions.name + NEW, self._arrived)

    async def _bring_file(self, name, size, sha256, progress):
        view = self._store.get(sha256)
        if view is not None and hashlib.sha256(view).digest() != sha256:
            self._store.forget(sha256)
        writer = self._versions.put(size, sha256)
        if writer is None:
            progress(size)
            return

        def write(view):
            writer.write(view)
            progress(writer.taken)

        tries = 0
        while True:
            before = writer.taken
            try:
                await self._source.get(name, write, size, size, writer.taken)
                break
            except OSError as e:
                tries = 0 if writer.taken - before >= _PROGRESS else tries + 1
                if tries > _TRIES or not getattr(e, "again", True):
                    raise failed(e, name)
            await asyncio.sleep(1 << max(0, tries - 1))
        writer.close()


# What an error of a source's get() means for an update.
def failed(error, name):
    missing = getattr(error, "missing", False)
    return Failed(getattr(error, "code", "download"), "%s: %s" % (name, words(error)), True, missing)


def words(error):
    return getattr(error, "text", None) or "%s" % error or type(error).__name__


# A small file into RAM. In pieces until it is whole: one that is too long takes no long stretch of
# the heap, which others want.
async def fetch(source, name, limit):
    pieces = []
    gc.collect()
    try:
        await source.get(name, lambda view: pieces.append(bytes(view)), limit)
    except OSError as e:
        raise failed(e, name)
    return b"".join(pieces)


# Takes the key sets up to `version` from the source, one after the other. Refused, Failed.
async def take_keysets(trust, version, source):
    while trust.keyset_version < version:
        name = "keyset.%d" % (trust.keyset_version + 1)
        data = await fetch(source, name + ".json", KEYSET_MAX)
        signatures = await fetch(source, name + ".sig", SIGNATURES_LIMIT)
        if not trust.take_keyset(data, signatures):
            raise Refused("keyset-version", "%d, which is here, once more" % trust.keyset_version)
