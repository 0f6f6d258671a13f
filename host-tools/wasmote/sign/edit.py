"""Changes of a key set, as values: each gives another key set of the same version."""

from collections.abc import Iterable
from dataclasses import replace

from wasmote.errors import UsageError
from wasmote.sign import ed25519
from wasmote.sign.keyset import ANY_AGENT, MAX_NUMBER, KeySet, Publisher


def named(keyset: KeySet, name: str) -> Publisher:
    """The publisher of that name. Raises UsageError where there is none."""
    found = keyset.publisher(name)
    if found is None:
        there = ", ".join(p.name for p in keyset.publishers) or "none"
        raise UsageError(f"{name}: no publisher of the key set; there: {there}")
    return found


def allow(keyset: KeySet, name: str, key: bytes, agents: dict[str, int]) -> KeySet:
    """Lets a publisher's key sign `agents`, each up to its sequence; others stay as they were."""
    before = keyset.publisher(name)
    if before is None:
        return replace(keyset, publishers=(*keyset.publishers, Publisher(name, key, agents)))
    if before.key != key:
        raise UsageError(
            f"{name}: the key set has another key by that name; see wasmote keys rotate"
        )
    return _replaced(keyset, replace(before, agents={**before.agents, **agents}))


def retire(keyset: KeySet, name: str, signed: dict[str, int]) -> KeySet:
    """Lowers what a publisher may sign to what it has signed; it must say so of all its agents."""
    old = named(keyset, name)
    left_out = [agent for agent in old.agents if agent not in signed and agent != ANY_AGENT]
    if left_out or not signed:
        what = ", ".join(left_out) or "its agents"
        raise UsageError(
            f"{name}: say what it has signed of {what}: AGENT=SEQUENCE, 0 for nothing, or a bundle"
        )
    for agent, sequence in signed.items():
        if sequence > old.limit(agent):
            raise UsageError(f"{name} may sign {agent} up to {old.limit(agent)}, not {sequence}")
    return _replaced(keyset, replace(old, agents=signed))


def revoke(keyset: KeySet, name: str) -> KeySet:
    """Leaves a publisher out."""
    gone = named(keyset, name)
    return replace(keyset, publishers=tuple(p for p in keyset.publishers if p != gone))


def change_roots(
    keyset: KeySet, add: Iterable[bytes], remove: Iterable[bytes], threshold: int | None
) -> KeySet:
    """Adds and removes roots."""
    gone = set(remove)
    for key in gone - set(keyset.roots):
        raise UsageError(f"{ed25519.key_id(key).hex()} is none of the roots")
    kept = tuple(key for key in keyset.roots if key not in gone)
    return replace(keyset, roots=(*kept, *add), threshold=threshold or keyset.threshold)


def raise_floors(keyset: KeySet, floors: dict[str, int]) -> KeySet:
    """Sets the lowest sequence of agents; 0 takes a floor away."""
    both = {**keyset.floors, **floors}
    return replace(keyset, floors={agent: floor for agent, floor in both.items() if floor})


def _replaced(keyset: KeySet, publisher: Publisher) -> KeySet:
    entries = (publisher if p.name == publisher.name else p for p in keyset.publishers)
    return replace(keyset, publishers=tuple(entries))


def differences(before: KeySet | None, after: KeySet, names: dict[bytes, str]) -> list[str]:
    """What changed, a line each; `names` are those of keys that are known."""
    lines = []
    old_roots = before.roots if before else ()
    for sign, keys, others in (("-", old_roots, after.roots), ("+", after.roots, old_roots)):
        lines += [f"{sign} root {_who(key, names)}" for key in keys if key not in others]
    if before is None or before.threshold != after.threshold:
        lines.append(f"  threshold {after.threshold} of {len(after.roots)}")
    old = {p.name: p for p in before.publishers} if before else {}
    new = {p.name: p for p in after.publishers}
    for sign, these, those in (("-", old, new), ("+", new, old)):
        for name, publisher in these.items():
            if those.get(name) != publisher:
                who = f"{name} {ed25519.key_id(publisher.key).hex()}"
                lines.append(f"{sign} publisher {who}: {limits(publisher)}")
    floors = before.floors if before else {}
    changed = sorted(agent for agent, _ in floors.items() ^ after.floors.items())
    for agent in dict.fromkeys(changed):
        lines.append(f"  floor of {agent}: {after.floors.get(agent, 0)}")
    return lines


def limits(publisher: Publisher) -> str:
    """What a publisher may sign, for people."""
    parts = (
        agent if most == MAX_NUMBER else f"{agent} up to {most}"
        for agent, most in publisher.agents.items()
    )
    return ", ".join(parts) or "nothing"


def _who(key: bytes, names: dict[bytes, str]) -> str:
    return f"{names.get(key, '(no name here)')} {ed25519.key_id(key).hex()}"
