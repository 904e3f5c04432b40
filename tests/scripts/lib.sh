# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2018,SC2019 # used by others; bytes, not letters
#
# lib.sh - what the scripts share; sourced by them. They run in an empty folder with the program
# first on PATH, and with MRCOUNT_SOURCE, MRCOUNT_BUILD and MRCOUNT_VARIANT set.
set -euo pipefail
export LC_ALL=C
generate=$MRCOUNT_BUILD/generate

# What runs under a sanitizer is slower by an order of magnitude: smaller inputs do.
if [ -n "${MRCOUNT_VARIANT:-}" ]; then slow=1; else slow=; fi

fail() {
    echo "failed: $*"
    exit 1
}

# skip REASON - the test cannot be run here.
skip() {
    echo "$*"
    exit 77
}

# await WHAT COMMAND... - waits until the command succeeds, and fails after a minute without that. It
# is how scripts wait: for what must come about, never for a time.
await() {
    local what=$1 tries
    shift
    for ((tries = 0; tries < 600; tries++)); do
        if "$@"; then return; fi
        sleep 0.1
    done
    fail "never: $what"
}

# Whether a pseudo-terminal can be had: a root without devpts has none.
have_terminals() {
    python3 -c 'import os; os.openpty()' 2> /dev/null
}

# same WHAT WANTED GOT - two files must be equal, byte for byte.
same() {
    cmp -s "$2" "$3" && return
    echo "failed: $1"
    diff -a <(head -c 100000000 "$2") <(head -c 100000000 "$3") | head -n 10 | cut -c 1-200 || true
    exit 1
}

# peak COMMAND... - runs it and writes its peak memory in KiB to the file `peak`; ends as it does.
peak() {
    python3 "$MRCOUNT_SOURCE/tests/scripts/peak.py" "$@"
}

# Lines of keys on standard input, counted as mrcount does by default. uniq leaves them in the order
# of the keys, so a stable sort by the number leaves ties in that order.
count_lines() {
    sort -S 10% | uniq -c | sort -S 10% -s -k 1,1nr | sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/'
}

# tokens RULE < text - the tokens of a rule as lines, made by other tools.
tokens() {
    case $1 in
    space) tr -s ' \t\n\v\f\r' '\n' | sed '1{/^$/d;}' ;;
    letters) tr -cs A-Za-z '\n' | sed '1{/^$/d;}' ;;
    lines) cat ;;
    folded-lines) tr A-Z a-z ;;
    esac
}

# The options of mrcount for a rule.
options_of() {
    case $1 in
    space | letters) echo "--words=$1" ;;
    lines) echo -l ;;
    folded-lines) echo -l -i ;;
    esac
}

# compare_all NAME FILE RULE... - every rule on FILE at several numbers of threads, as one file, as
# many files and from a pipe, against the other tools. Every part of the many files ends in a newline.
compare_all() {
    local name=$1 file=$2 rule threads parts lines numbers_of_threads=(1 2 3 8 64)
    [ -z "$slow" ] || numbers_of_threads=(2 8)
    shift 2
    rm -rf parts
    mkdir parts
    lines=$(wc -l < "$file")
    split -l $((lines / 7 + 1)) "$file" parts/
    parts=(parts/*)
    for rule in "$@"; do
        tokens "$rule" < "$file" | count_lines > want
        for threads in "${numbers_of_threads[@]}"; do
            # shellcheck disable=SC2046 # options are divided on purpose
            set -- $(options_of "$rule") -j "$threads"
            mrcount "$@" "$file" > got
            same "$name, $*, one file" want got
            mrcount "$@" "${parts[@]}" > got
            same "$name, $*, many files" want got
            # shellcheck disable=SC2002 # a pipe on purpose
            cat "$file" | mrcount "$@" > got
            same "$name, $*, a pipe" want got
        done
    done
    rm -rf parts want got
}
