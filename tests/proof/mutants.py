"""What `mutmut results --all true` says, one line a mutant, as a table for docs/mutants.md.

Exits with 1 below REQUIRED. Only what a test has killed counts: that a mutant ran out of time says
little on a busy machine.
"""

import re
import sys
from collections import Counter

REQUIRED = 90  # per cent
STATES = ("killed", "timeout", "survived", "no tests")


def main():
    found = Counter(re.findall(r"(\w+)\.[^.\s]+__mutmut_\d+: (.+)", sys.stdin.read()))
    modules = sorted({module for module, _ in found})
    columns = " | ".join(STATES)
    print(f"| module | mutants | {columns} | score |\n|---|{'---:|' * (len(STATES) + 2)}")
    for module in modules:
        row(f"`{module}`", found, [module])
    return int(row("all", found, modules) < REQUIRED)


def row(name, found, modules):
    """Print what became of the mutants of some modules; return the share that was killed."""
    of = {state: sum(found[module, state] for module in modules) for state in STATES}
    total = sum(n for (module, _), n in found.items() if module in modules)
    score = 100 * of["killed"] / max(total, 1)
    print(f"| {name} | {total} | {' | '.join(map(str, of.values()))} | {score:.1f} % |")
    return score


if __name__ == "__main__":
    sys.exit(main())
