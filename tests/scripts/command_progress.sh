#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The progress of a run with commands: of the map in bytes, of the reduce in records given to reducers.
# The commands go on when they see that it has been shown.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit

cat > shown << 'END'
#!/bin/sh
tries=0
until grep -q "^$1" err; do
    tries=$((tries + 1))
    [ $tries -lt 1200 ] || { echo "never: $1" >&2; exit 1; }
    sleep 0.05
done
END
chmod +x shown
seq 1000 > lines
sort lines > want

mrcount --progress=always --mapper='./shown "map "; cat' -l --sort=key lines 2> err | cut -f 1 > got
same "what a mapper prints late" want got

mrcount --progress=always --mapper=cat --reducer='cat; ./shown "reduce 1000/1000"' lines > got 2> err
same "what a reducer prints before it waits" want got
mrcount --progress=json -l --reducer="cat; ./shown '.*\"reduce\",\"done\":1000,\"not_done\":0,'" lines > got 2> err
same "the same, told in JSON" want got
