# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034 # used by others
#
# lib.sh - what the tests and timings on clusters share: the cache that Spark and Hadoop are fetched
# into, the inputs, and the processes that are started, each of which is ended by its id.
#
# MRCOUNT_CLUSTER_CACHE is the cache; MRCOUNT_SOURCE and MRCOUNT_BUILD are those of all tests. All
# daemons are bound to the loopback interface and have small heaps.
set -euo pipefail
export LC_ALL=C.UTF-8
export PATH=$MRCOUNT_BUILD:$PATH

: "${HOME:=$(cd ~ && pwd)}"
cache=${MRCOUNT_CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mrcount-cluster}
spark_version=3.5.6
hadoop_pom=$MRCOUNT_SOURCE/tests/cluster/pom.xml
hadoop_version=$(sed -n 's:.*<hadoop>\(.*\)</hadoop>.*:\1:p' "$hadoop_pom")
work=$(mktemp -d "${TMPDIR:-/tmp}/mrcount-cluster.XXXXXX")
daemons=()
# What jobs of tests tell their virtual machines, which end before the better compiler pays; empty
# where times are taken.
jit=-XX:TieredStopAtLevel=1
export MAVEN_OPTS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"

say() {
    printf '%4d s  %s\n' $SECONDS "$*"
}

# missing WHAT - ends the script: a tool is not there.
missing() {
    if [ -n "${CI:-}" ]; then
        echo "failed: $1 is missing"
        exit 1
    fi
    echo "skipped: $1 is missing"
    exit 77
}

fail() {
    echo "failed: $1"
    [ -z "${2:-}" ] || tail -n 40 "$2"
    exit 1
}

# The ids of a process and of all below it, the lowest first.
tree() {
    local child
    for child in $(pgrep -P "$1"); do
        tree "$child"
    done
    echo "$1"
}

# end_tree SIGNAL ID - a process and all below it; what has ended already is no matter.
end_tree() {
    local id
    for id in $(tree "$2"); do
        kill "-$1" "$id" 2> /dev/null || true
    done
}

# Ends all daemons, kindly at first.
stop_daemons() {
    local id
    for id in "${daemons[@]}"; do
        end_tree TERM "$id"
    done
    for id in "${daemons[@]}"; do
        for _ in {1..150}; do
            kill -0 "$id" 2> /dev/null || break
            sleep 0.1
        done
        end_tree KILL "$id"
        wait "$id" 2> /dev/null || true
    done
    daemons=()
}

finish() {
    local status=$?
    trap '' INT TERM
    stop_daemons
    if [ -n "${MRCOUNT_CLUSTER_KEEP:-}" ]; then
        echo "kept: $work"
    else
        rm -rf "$work"
    fi
    exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME COMMAND... - a daemon, its output in NAME.log, its id in $started.
start() {
    local name=$1
    shift
    "$@" > "$work/$name.log" 2>&1 < /dev/null &
    started=$!
    daemons+=("$started")
}

# wait_for SECONDS WHAT ID COMMAND... - until the command succeeds; the process must not end before.
wait_for() {
    local left=$((5 * $1)) what=$2 id=$3
    shift 3
    until "$@" > /dev/null 2>&1; do
        kill -0 "$id" 2> /dev/null || fail "$what: ended early" "$work/$what.log"
        [ $((left -= 1)) -gt 0 ] || fail "$what: nothing within the time" "$work/$what.log"
        sleep 0.2
    done
}

# counting ID - whether an mrcount runs somewhere below a process.
counting() {
    local id
    for id in $(tree "$1"); do
        if [ "$(cat "/proc/$id/comm" 2> /dev/null)" = mrcount ]; then
            return 0
        fi
    done
    return 1
}

# fetch WHAT COMMAND... - a download, tried three times.
fetch() {
    local what=$1 left=3
    shift
    say "fetching $what"
    until "$@" > "$work/fetch.log" 2>&1; do
        [ $((left -= 1)) -gt 0 ] || fail "cannot fetch $what" "$work/fetch.log"
        sleep 5
    done
}

# same_result NAME REDUCERS [OPTION]... FILE... - the job's files in $work/NAME.out against what one
# mrcount prints; each key in one of them, and something in each reducer's.
same_result() {
    local name=$1 reducers=$2 out=$work/$1.out part parts
    shift 2
    [ -e "$out/_SUCCESS" ] || fail "$name: no _SUCCESS" "$work/$name.log"
    parts=("$out"/part-*)
    [ ${#parts[@]} = "$reducers" ] || fail "$name: ${#parts[@]} files from $reducers reducers"
    for part in "${parts[@]}"; do
        [ -s "$part" ] || fail "$name: a reducer had nothing to do"
    done
    mrcount "$@" > "$work/want"
    mrcount --merge --unescape "${parts[@]}" | cmp - "$work/want" || fail "$name: not the same"
    [ "$(cat "${parts[@]}" | wc -l)" = "$(mrcount --escape "$@" | wc -l)" ] ||
        fail "$name: a key is in two files"
    say "$name: the same, $(wc -l < "$work/want") keys from ${#parts[@]} reducers"
}

need_java() {
    command -v java > /dev/null || missing "Java"
    command -v pgrep > /dev/null || missing "pgrep"
}

# Fetches Spark into the cache, unless it is there, and puts it on PATH.
need_spark() {
    local home=$cache/spark-$spark_version
    need_java
    command -v python3 > /dev/null || missing "Python"
    python3 -c 'import venv, ensurepip' 2> /dev/null || missing "Python's venv"
    if [ ! -e "$home/complete" ]; then
        mkdir -p "$cache"
        rm -rf "$home"
        python3 -m venv "$home"
        fetch "Spark $spark_version" \
            "$home/bin/pip" install -q --no-cache-dir "pyspark==$spark_version"
        : > "$home/complete"
    fi
    export PATH=$home/bin:$PATH
    SPARK_HOME=$(python3 -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
    export SPARK_HOME SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS=$work/spark-local
    export PYSPARK_PYTHON=$home/bin/python3
}

# make_inputs TOKENS KEYS - writes $work/kjv, a text of four megabytes, $work/large of TOKENS words out
# of KEYS, six bytes each, and what is hard to carry.
# Where the package bible-kjv-text is not installed a text of that size is made in its place.
make_inputs() {
    if command -v bible > /dev/null; then
        bible -f Gen1:1-Rev22:21 > "$work/kjv"
    else
        "$MRCOUNT_BUILD/generate" zipf 750000 14000 1 > "$work/kjv"
    fi
    "$MRCOUNT_BUILD/generate" zipf "$1" "$2" 7 > "$work/large"
    {
        printf 'a\tb\t7\r\nc\\d\na\tb\t7\r\n\r\n\n\n\t5\r6\n\\t\n'
        printf '\xff\xfe\xc3\n \xc3\xa9t\xc3\xa9\n\x00x\n'
        "$MRCOUNT_BUILD/generate" hard 20000 0 3
        "$MRCOUNT_BUILD/generate" bytes 100000 0 4
        printf '\nlast'
    } > "$work/hard"
}

# Starts a master and two workers of one core each; the ids of the workers are in $workers.
start_spark() {
    local class=org.apache.spark.deploy id address
    export SPARK_DAEMON_MEMORY=256m
    export SPARK_DAEMON_JAVA_OPTS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
    start master spark-class $class.master.Master --host 127.0.0.1 --port 0 --webui-port 0
    wait_for 120 master "$started" grep -q 'Starting Spark master at spark://' "$work/master.log"
    address=$(grep -o 'spark://[0-9.:]*' "$work/master.log" | head -n 1)
    workers=()
    for id in 1 2; do
        start worker$id spark-class $class.worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 \
            --memory 768m --work-dir "$work/worker$id" "$address"
        workers+=("$started")
    done
    for id in 1 2; do
        wait_for 120 worker$id "${workers[id - 1]}" \
            grep -q 'Successfully registered with master' "$work/worker$id.log"
    done
    spark=(spark-submit --master "$address" --driver-memory 512m --executor-memory 512m
        --conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1
        --conf spark.driver.bindAddress=127.0.0.1 --conf spark.default.parallelism=4
        --conf spark.sql.files.maxPartitionBytes=64m
        --conf "spark.driver.extraJavaOptions=-XX:+UseSerialGC $jit"
        --conf "spark.executor.extraJavaOptions=-XX:+UseSerialGC $jit")
}

# Fetches Hadoop into the cache, unless it is there.
need_hadoop() {
    need_java
    jars=$cache/hadoop-$hadoop_version
    if [ ! -e "$jars/complete" ]; then
        command -v mvn > /dev/null || missing "Maven"
        rm -rf "$jars"
        mkdir -p "$jars"
        fetch "Hadoop $hadoop_version" \
            mvn -q -B -f "$hadoop_pom" dependency:copy-dependencies -DoutputDirectory="$jars"
        : > "$jars/complete"
    fi
    JAVA_HOME=$(readlink -f "$(command -v java)")
    export JAVA_HOME=${JAVA_HOME%/bin/java} MRCOUNT_HADOOP_CLASSES="$work/hadoop/conf:$jars/*"
    mkdir -p "$work/bin" "$work/hadoop/conf"
    cat > "$work/bin/hadoop" << 'END'
#!/bin/bash
case $1 in
jar) class=org.apache.hadoop.util.RunJar ;;
fs) class=org.apache.hadoop.fs.FsShell ;;
esac
shift
exec java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$MRCOUNT_HADOOP_CLASSES" \
    $class "$@"
END
    chmod +x "$work/bin/hadoop"
    export PATH=$work/bin:$PATH
    streaming=("$jars"/hadoop-streaming-*.jar)
}

# Hadoop's web pages, which cannot be left out, look into classes that Java 17 keeps closed.
open=--add-opens=java.base/java.lang=ALL-UNNAMED

property() {
    printf '  <property><name>%s</name><value>%s</value></property>\n' "$1" "$2"
}

# What all of Hadoop's processes read; the addresses are added by those that have them.
hadoop_properties() {
    local name
    echo '<configuration>'
    for name in resourcemanager.address resourcemanager.scheduler.address \
        resourcemanager.resource-tracker.address resourcemanager.admin.address \
        resourcemanager.webapp.address nodemanager.address nodemanager.localizer.address \
        nodemanager.webapp.address nodemanager.collector-service.address; do
        property yarn.$name 127.0.0.1:0
    done
    property yarn.resourcemanager.hostname 127.0.0.1
    property yarn.resourcemanager.scheduler.class \
        org.apache.hadoop.yarn.server.resourcemanager.scheduler.fifo.FifoScheduler
    property yarn.scheduler.minimum-allocation-mb 256
    property yarn.resourcemanager.nm.liveness-monitor.interval-ms 2000
    property yarn.nm.liveness-monitor.expiry-interval-ms 15000
    property yarn.am.liveness-monitor.expiry-interval-ms 30000
    property yarn.nodemanager.resource.memory-mb 1536
    property yarn.nodemanager.vmem-check-enabled false
    property yarn.nodemanager.pmem-check-enabled false
    property yarn.nodemanager.aux-services mapreduce_shuffle
    property yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage 100
    property yarn.nodemanager.delete.debug-delay-sec 0
    property yarn.application.classpath "$jars/*"
    property mapreduce.application.classpath "$jars/*"
    property mapreduce.framework.name yarn
    property mapreduce.shuffle.port 0
    property mapreduce.jobhistory.address 127.0.0.1:0
    property yarn.app.mapreduce.am.staging-dir /staging
    property yarn.app.mapreduce.am.resource.mb 512
    property yarn.app.mapreduce.am.command-opts "-Xmx256m -XX:+UseSerialGC $jit $open"
    property mapreduce.map.memory.mb 512
    property mapreduce.reduce.memory.mb 512
    property mapred.child.java.opts "-Xmx256m -XX:+UseSerialGC $jit"
    property mapreduce.task.io.sort.mb 64
    property mapreduce.job.ubertask.enable false
    property mapreduce.map.speculative false
    property mapreduce.reduce.speculative false
    property dfs.blocksize 67108864
    property dfs.replication 1
    property hadoop.tmp.dir "$work/hadoop/tmp"
    echo '</configuration>'
}

# Starts a name node, a data node, a resource manager and two node managers; the second of these is
# a process of its own, $node.
start_hadoop() {
    local part nodes=(java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$open"
        -cp "$MRCOUNT_HADOOP_CLASSES" "$MRCOUNT_SOURCE/tests/cluster/Nodes.java"
        "$work/hadoop")
    # Each part of Hadoop has its defaults, which only a file of that part's can override.
    hadoop_properties > "$work/hadoop/base.xml"
    for part in core hdfs yarn mapred; do
        cp "$work/hadoop/base.xml" "$work/hadoop/conf/$part-site.xml"
    done
    cat > "$work/hadoop/conf/log4j.properties" << 'END'
log4j.rootLogger=INFO,stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d{ISO8601} %p %c: %m%n
END
    start nodes "${nodes[@]}"
    wait_for 200 nodes "$started" grep -qx up "$work/nodes.log"
    start node "${nodes[@]}" second
    node=$started
    wait_for 200 node "$node" grep -qx up "$work/node.log"
}
