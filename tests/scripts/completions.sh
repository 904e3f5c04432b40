#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The completions, in those shells that are here: bash, zsh and fish offer what the table of options has.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

mkdir folder
: > file-one
: > file-two
mkdir bin
mrcount --completion=bash > bin/bash
mrcount --completion=zsh > bin/_mrcount
mrcount --completion=fish > bin/mrcount.fish

# The long options, from --help.
mrcount --help | sed -nE 's/^  (-.,|   ) (--[a-z0-9-]+).*/\2/p' | sort > long
[ "$(wc -l < long)" -gt 25 ] || fail "--help: $(cat long)"

# bash_offers WORD... - what bash offers for the last word; '=' is a word of its own, as for readline.
cat > bash_offers << 'EOF'
. bin/bash
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_mrcount
printf '%s\n' "${COMPREPLY[@]}" | sort
EOF
offers() {
    local shell=$1 want=$2 got
    shift 2
    got=$("${shell}_offers" "$@" | tr '\n' ' ')
    [ "$got" = "$want" ] || fail "$shell: $*: offers '$got', not '$want'"
}
bash_offers() { bash --norc bash_offers "$@"; }

bash_offers mrcount -- | grep -e -- > got
same "the options of bash" long got
offers bash '--threads ' mrcount --th
offers bash 'count first key none ' mrcount --sort =
offers bash 'key ' mrcount --sort = k
offers bash 'key ' mrcount --sort k
offers bash 'letters space unicode ' mrcount --words =
offers bash 'file-one file-two folder ' mrcount --words f
offers bash 'folder ' mrcount -T fo
offers bash 'folder ' mrcount --temporary-directory = f
offers bash 'file-one file-two ' mrcount --stop-words = file
offers bash 'file-one file-two ' mrcount -l file
offers bash 'file-one file-two ' mrcount -- file
offers bash ' ' mrcount -n f
offers bash ' ' mrcount --threads = f
offers bash ' ' mrcount -- --th
missing=

if ! have_terminals; then
    missing="$missing terminal for zsh"
elif type zsh > /dev/null 2>&1; then
    zsh -n bin/_mrcount || fail "zsh: the script does not parse"
    # An interactive zsh on a terminal of its own, in which compadd notes what it is given.
    cat > zsh_offers << 'EOF'
zmodload zsh/zpty
zpty work 'zsh -f -i'
zpty -w work "PS1= PROMPT= RPS1=; stty -echo; cd $PWD"
zpty -w work 'fpath=($PWD/bin $fpath); autoload -Uz compinit; compinit -u -D'
zpty -w work 'compadd() {
    local -a hits
    if [[ ${@[(I)-[OAD]]} -eq 0 ]]; then
        builtin compadd -O hits "$@"
        print -rl -- $hits >> offered
    fi
    builtin compadd "$@"
}'
zpty -w work 'ended() { : > completed }; comppostfuncs=(ended)'
zpty -w work 'bindkey "^I" complete-word; print -n REA; print DY'
while zpty -r work line && [[ $line != *READY* ]]; do :; done
zpty -w -n work "$*"$'\t'
until [[ -e completed ]]; do sleep 0.05; done
zpty -d work
EOF
    zsh_offers() {
        rm -f offered completed
        timeout 60 zsh -f zsh_offers "$*" > /dev/null 2>&1 || fail "zsh: nothing came for $*"
        sort -u offered | sed '/^$/d'
    }
    zsh_offers mrcount -- | grep -e '^--' | tr -d = > got
    same "the options of zsh" long got
    offers zsh 'count first key none ' mrcount --sort=
    offers zsh 'letters space unicode ' mrcount --words=
    offers zsh 'bash fish zsh ' mrcount --completion ''
    # What an option excludes is offered no more behind it, nor is the option itself, unless it may
    # be repeated.
    zsh_offers mrcount --chars -T folder -- > got
    grep -qx -e --reverse got || fail "zsh: no --reverse behind --chars: $(cat got)"
    grep -q -e --temporary-directory got || fail "zsh: one --temporary-directory only: $(cat got)"
    if grep -E -e '^--(words|lines|chars|fields|merge)' got; then
        fail "zsh: two kinds of token are offered"
    fi
    zsh_offers mrcount -l file > got
    grep -qx file-one got || fail "zsh: no files: $(cat got)"
else
    missing="$missing zsh"
fi

if type fish > /dev/null 2>&1; then
    mkdir home
    fish_offers() {
        # shellcheck disable=SC2016 # fish expands it
        HOME=$PWD/home XDG_CONFIG_HOME=$PWD/home XDG_DATA_HOME=$PWD/home fish --no-config -c '
            source bin/mrcount.fish
            complete -C $argv[1]' "$*" | cut -f 1 | sort
    }
    fish_offers mrcount -- | grep -e '^--' | sed 's/=$//' | sort -u > got
    same "the options of fish" long got
    offers fish '--sort=count --sort=first --sort=key --sort=none ' 'mrcount --sort='
    offers fish 'count first key none ' 'mrcount --sort '
    offers fish '--words=letters --words=space --words=unicode ' 'mrcount --words='
    offers fish 'folder/ ' 'mrcount -T fo'
    fish_offers 'mrcount -l file' > got
    grep -qx file-one got || fail "fish: no files: $(cat got)"
else
    missing="$missing fish"
fi
[ -z "$missing" ] || skip "the other completions pass; there is no$missing here"
