#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What mrcount says of generated texts is, byte for byte, what sort and uniq say of them.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

if [ "$slow" ]; then million=100000; else million=600000; fi

"$generate" zipf $million 20000 1 > text
compare_all "running text" text space letters lines
"$generate" uniform $((million / 2)) $million 2 > text
compare_all "many different words" text space letters
"$generate" lines $((million / 4)) 20000 3 > text
compare_all "lines" text space lines
# -i folds as Unicode says; tr only as ASCII does.
"$generate" lines $((million / 8)) 3000 4 > text
compare_all "lines in capitals and not" text folded-lines
"$generate" hard $((million / 2)) 0 5 > text
compare_all "text that is hard to divide" text space letters lines
"$generate" bytes $((million * 2)) 0 6 > text
compare_all "random bytes" text space letters lines
