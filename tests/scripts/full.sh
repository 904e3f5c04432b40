#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A temporary directory that is full: one message with the directory, the bytes written and the
# bytes free there, exit status 2, nothing printed; and space that is given back. On file systems of
# 1 MB and more that are mounted in a namespace of their own.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

own=(unshare -m)
[ "$(id -u)" = 0 ] || own=(unshare -rm)
mkdir tmp tiny one two
"${own[@]}" mount -t tmpfs none tmp 2> /dev/null || skip "no file system can be mounted"

"$generate" uniform 1000000 20000000 11 | tr ' ' '\n' > lines
cat > mounted.sh <<'END'
set -e
mount -t tmpfs -o size=1M none tiny
mount -t tmpfs -o size=64M none one
mount -t tmpfs -o size=64M none two
for order in "-T tiny" "-T tmp -T tiny" "-T tiny -T tmp"; do
    status=0
    mrcount -q -l -S 1K $order lines > got 2> said || status=$?
    echo "$order: status $status, printed $(wc -c < got): $(cat said)"
    # The process has ended: all is free again.
    [ "$(df --output=used tiny | tail -n 1)" -eq 0 ]
done
mrcount -q -l -S 1K -T one -T two --stats lines > got 2> stats
END
"${own[@]}" sh mounted.sh > result || fail "$(cat result)"
full=': cannot write temporary data: No space left on device'
full+=' \([0-9]+ bytes written, [0-9]+ free there\)'
for order in "-T tiny" "-T tmp -T tiny" "-T tiny -T tmp"; do
    grep -Eqx -- "$order: status 2, printed 0: mrcount: tiny$full" result || fail "$(cat result)"
done
mrcount -l -S 1G lines > want
same "two directories" want got
[ "$(sed -n 's/^bytes spilled  *//p' stats)" -gt 0 ] || fail "nothing was spilled"
