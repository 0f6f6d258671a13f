"""From what nodes said to counts and named failures."""

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from spec_plan import Case, Plan
from spec_run import Outcome

KINDS = (
    "module", "action", "assert_return", "assert_trap", "assert_exhaustion",
    "assert_uninstantiable", "assert_invalid", "assert_malformed",
)  # fmt: skip
POLICY = "import-denied"
KNOWN = Path(__file__).parent / "known.toml"


@dataclass
class Verdicts:
    """Counts by kind, and why what failed did, by its place.

    `apart`: modules that import a table, a memory or a global, which this project refuses, and
    all that is asked of them. `by_policy`: invalid modules that were refused for that first.
    """

    total: Counter[str] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)
    by_policy: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def right(self, kind: str) -> int:
        """How many went as the suite says."""
        return self.total[kind] - self.apart[kind] - self.failed[kind]

    def fail(self, case: Case, why: str) -> None:
        self.failed[case.kind] += 1
        # Two may stand on one line.
        before = self.failures.get(case.where)
        said = f"{case.kind} {case.detail!r}: {why}"
        self.failures[case.where] = f"{before}; {said}" if before else said

    def add(self, plan: Plan, outcome: Outcome) -> None:
        """Counts one file in."""
        said = {step: (verdict, words) for step, verdict, words in outcome.said}
        self.left_out.update(case.kind for case in plan.left_out)
        if not outcome.ended:
            self.failures[f"{plan.name}.wast"] = f"did not end: {outcome.output}"
        for step, case in enumerate(plan.cases):
            if case is None:
                continue
            self.total[case.kind] += 1
            verdict, words = said.get(step, ("", ""))
            shares = plan.shares.get(case.module) if case.module else None
            if shares:
                self._judge_shared(case, verdict, words, shares)
            elif verdict == "other" and words[0] == POLICY:
                count = self.apart if case.kind == "assert_uninstantiable" else self.by_policy
                count[case.kind] += 1
            elif verdict:
                self.fail(case, f"{verdict} {words}")

    def _judge_shared(self, case: Case, verdict: str, words: object, shares: str) -> None:
        refused = verdict == "absent" or (
            verdict == "module" and isinstance(words, list) and words[0] == POLICY
        )
        if refused:
            self.apart[case.kind] += 1
        else:
            self.fail(case, f"imports a {shares}, and was not refused for it: {verdict} {words}")

    def table(self) -> str:
        """The counts, a line a kind."""
        lines = [f"{'':22}{'in all':>8}{'right':>8}{'apart':>8}{'failed':>8}"]
        for kind in KINDS:
            counts = (self.total[kind], self.right(kind), self.apart[kind], self.failed[kind])
            lines.append(f"{kind:22}" + "".join(f"{count:8}" for count in counts))
        for kind, count in sorted(self.left_out.items()):
            lines.append(f"{kind + ': left out':42}{count:4}")
        return "\n".join(lines)

    def figures(self) -> dict[str, int]:
        """The same for build/report."""
        found = {}
        for kind in KINDS:
            found[f"{kind}_total"] = self.total[kind]
            found[f"{kind}_right"] = self.right(kind)
            found[f"{kind}_apart"] = self.apart[kind]
        return found


def known(board: str, plans: list[Plan]) -> dict[str, str]:
    """The failures that known.toml has for a board, with the reasons."""
    found: dict[str, str] = {}
    by_name = {plan.name: plan for plan in plans}
    for entry in tomllib.loads(KNOWN.read_text())["known"]:
        if board not in entry.get("boards", [board]):
            continue
        for file, lines in entry.get("cases", {}).items():
            found.update({f"{file}.wast:{line}": entry["why"] for line in lines})
        for file, lines in entry.get("modules", {}).items():
            for where in _asked_of(by_name[file], lines):
                found[where] = entry["why"]
    return found


def _asked_of(plan: Plan, lines: list[int]) -> list[str]:
    """The modules at these lines, and what is asked of them."""
    modules = {number for number, line in plan.sources.items() if line in lines}
    return [case.where for case in plan.cases if case and case.module in modules]
