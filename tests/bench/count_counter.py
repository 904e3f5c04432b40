# SPDX-License-Identifier: MIT
"""count_counter.py FILE - words of FILE counted by Python's Counter, the most frequent first."""

import sys
from collections import Counter

counts = Counter()
with open(sys.argv[1], "rb") as file:
    for line in file:
        counts.update(line.split())
write = sys.stdout.buffer.write
for word, count in counts.most_common():
    write(b"%s\t%d\n" % (word, count))
