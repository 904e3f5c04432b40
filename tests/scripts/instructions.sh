#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The same bytes come out with whatever vectors a CPU has: the C library is told to forget what there
# is, level by level, and what counts, sorts and searches falls back together with the kernels.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
[ "${MRCOUNT_VARIANT:-}" != tsan ] || skip "what instructions do is no matter of threads"

kernel() {
    mrcount --stats /dev/null 2>&1 > /dev/null | sed -n 's/^kernel *//p'
}

levels=(AVX512F AVX2 SSE4_2)
best=$(kernel)
lesser=$(GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX2,-SSE4_2 kernel)
[ "$best" != "$lesser" ] || skip "this CPU has no vectors, or its C library cannot forget them"

if [ "$slow" ]; then tokens=200000; else tokens=2000000; fi
"$generate" zipf $tokens 20000 1 > words
"$generate" uniform $tokens $((tokens / 3)) 2 > ids
cat "$MRCOUNT_SOURCE"/src/*/*.[ch] > lines
cat words ids lines > all

runs=("--words=space words" "--words=space ids" "--words=space -j 1 all" "--words=space all"
    "-i all" "--words=letters -r all" "-l lines" "-l --sort=key -r all" "-f 2,1 lines"
    "-n 100 ids" "--sort=key ids")
off=
for level in all "${levels[@]}"; do
    [ "$level" = all ] || off=$off${off:+,}-$level
    export GLIBC_TUNABLES=glibc.cpu.hwcaps=$off
    kernel >> kernels
    for i in "${!runs[@]}"; do
        # shellcheck disable=SC2086 # options are divided on purpose
        mrcount ${runs[i]} > got
        if [ "$level" = all ]; then mv got "want$i"; else same "${runs[i]}, $off" "want$i" got; fi
    done
done
[ "$(sort -u kernels | wc -l)" -ge 2 ] || fail "all ran with one kernel: $(cat kernels)"
[ "$(tail -n 1 kernels)" = scalar ] || fail "without vectors the kernel is $(tail -n 1 kernels)"
