#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The progress line as tmux shows it: drawn on the bottom line, redrawn for a narrower window, and gone
# after ^C, with the shell's prompt in its place. tmux.txt is a recording of that, the last line of the
# screen at each step; but for its numbers the same must be seen again.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
command -v tmux > /dev/null || skip "tmux is not installed"
have_terminals || skip "there are no pseudo-terminals here"

work() { TMUX='' tmux -S "$PWD/socket" "$@"; }

# screen PATTERN - waits until the lines on the screen, without the empty ones below, match.
screen() {
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        work capture-pane -p | sed -e 's/ *$//' -e '/^$/d' > pane
        if [[ $(cat pane) =~ ^$1$ ]]; then return; fi
        sleep 0.1
    done
    fail "the screen is not '$1' but: $(cat pane)"
}

# record STEP - adds the last line that `screen` saw to what is compared with the recording.
record() { printf '%s: %s\n' "$1" "$(tail -n 1 pane)" >> seen; }

# Figures without their values, and units that depend on them.
values() { sed -E 's/[0-9]+(\.[0-9]+)?/N/g; s/[MG]B\/s/B\/s/; s/eta .*/eta N/' "$1"; }

truncate -s 1T holes # longer than the test, and of known size
work -f /dev/null new-session -d -x 60 -y 8 "PS1='> ' exec bash --norc --noprofile"
trap 'work kill-server 2> /dev/null || true' EXIT
screen '>'
work send-keys 'mrcount holes' Enter
screen $'> mrcount holes\nmap [0-9]+% [0-9.]+/1.1 TB [0-9.]+ [MG]B/s eta [0-9hms]+'
record '60 columns'
work resize-window -x 24 -y 8
# What is above may have left by the top, folded too.
screen $'(> mrcount holes\n)?map [0-9]+% [0-9.]+/1.1 TB'
record '24 columns'
work send-keys C-c
# bash itself ends the line on which ^C was typed.
screen $'(> mrcount holes\n)?(\\^C\n)?>'
record 'after ^C'
# shellcheck disable=SC2016 # for the shell in there
work send-keys 'echo status $?' Enter
screen $'(> mrcount holes\n)?(\\^C\n)?> echo status \\$\\?\nstatus 130\n>'
values "$MRCOUNT_SOURCE/tests/scripts/tmux.txt" > want
values seen > got
same "the recording" want got
