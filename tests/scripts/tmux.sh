#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The progress line as tmux shows it: drawn on the bottom line, redrawn for a narrower window, and gone
# after ^C, with the shell's prompt in its place.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
command -v tmux > /dev/null || skip "tmux is not installed"

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

truncate -s 1T holes # longer than the test, and of known size
work -f /dev/null new-session -d -x 60 -y 8 "PS1='> ' exec bash --norc --noprofile"
trap 'work kill-server 2> /dev/null || true' EXIT
screen '>'
work send-keys 'mrcount holes' Enter
screen $'> mrcount holes\nmap [0-9]+% [0-9.]+/1.1 TB [0-9.]+ [MG]B/s eta [0-9hms]+'
work resize-window -x 24 -y 8
# What is above may have left by the top, folded too.
screen $'(> mrcount holes\n)?map [0-9]+% [0-9.]+/1.1 TB'
work send-keys C-c
# bash itself ends the line on which ^C was typed.
screen $'(> mrcount holes\n)?(\\^C\n)?>'
# shellcheck disable=SC2016 # for the shell in there
work send-keys 'echo status $?' Enter
screen $'(> mrcount holes\n)?(\\^C\n)?> echo status \\$\\?\nstatus 130\n>'
