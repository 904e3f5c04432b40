#!/bin/bash
# SPDX-License-Identifier: MIT
#
# mrcount under real Spark and Hadoop daemons, where MRCOUNT_CLUSTER asks for it: that takes
# minutes and fetches 500 MB at first. With CI set it fails where Java, Python or Maven is missing.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh"
[ -z "$slow" ] || skip "the engines are tried without sanitizers"
[ -n "${MRCOUNT_CLUSTER:-}" ] || skip "Spark and Hadoop: MRCOUNT_CLUSTER=1, or make check-cluster"
for engine in spark hadoop; do
    "$MRCOUNT_SOURCE/tests/cluster/$engine"
done
