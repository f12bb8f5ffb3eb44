"""What `mutmut results --all true` says, one line a mutant, as a table: a row for each module.

Exits with 1 below REQUIRED. Only what a test has killed counts: that a mutant ran out of time says
little on a busy machine.
"""

import re
import sys
from collections import Counter

REQUIRED = 90  # per cent
COLUMNS = ("killed", "timeout", "survived", "no tests")

found = re.findall(r"(\w+)\.[^.\s]+__mutmut_\d+: (.+)", sys.stdin.read())
modules = sorted({module for module, _ in found})
counts = Counter(found)


def row(name, *chosen):
    tally = [sum(counts[module, status] for module in chosen) for status in COLUMNS]
    total = sum(n for (module, _), n in counts.items() if module in chosen)
    score = 100 * tally[0] / max(total, 1)
    print(f"{name:22}{total:9}" + "".join(f"{n:10}" for n in tally) + f"{score:9.1f} %")
    return score


print(f"{'module':22}{'mutants':>9}" + "".join(f"{c:>10}" for c in COLUMNS) + f"{'score':>11}")
for module in modules:
    row(module, module)
sys.exit(row("all", *modules) < REQUIRED)
