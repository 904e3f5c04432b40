#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Ended by a signal at any moment of a run that spills: the exit status is the signal's, and nothing
# is left where temporaries go nor beside the output. MRCOUNT_KILLS says how often to try. Then again
# where there are no files without a name, with a second signal close behind the first, and with an
# output that others write to: what they wrote stays, and what is there of ours are whole lines.
. "$MRCOUNT_SOURCE/tests/scripts/lib.sh" || exit
kills=${MRCOUNT_KILLS:-20}
[ -z "$slow" ] || kills=4

awk 'BEGIN { for (i = 0; i < 60000; i++) printf "%0300d\n", i * 7919 % 60000 }' > long
mkdir tmp
cat > moments.py <<'END'
"""How far a run has come: by the bytes that it has read and written, not by the time, as a machine is
now slow and now fast."""
import re, sys
def moved(child):
    try:
        with open(f"/proc/{child.pid}/io", encoding="ascii") as file:
            return sum(int(number) for number in re.findall(r"[rw]char: (\d+)", file.read()))
    except OSError: # it is no more
        return None
def whole(child):
    most = 0
    while child.poll() is None:
        most = moved(child) or most
    if child.returncode != 0:
        sys.exit(f"exit status {child.returncode}")
    return most
def reach(child, goal):
    while child.poll() is None and (at := moved(child)) is not None and at < goal:
        pass
END
cat > kill.py <<'END'
import moments, os, random, signal, subprocess, sys, time
kills = int(sys.argv[1])
named = sys.argv[2] # a library that refuses files without a name, or nothing
environment = dict(os.environ, **({"LD_PRELOAD": named, "FAULT_RULE": "tmpfile:1+:EOPNOTSUPP"} if named else {}))
draw = random.Random(11)
command = ["mrcount", "-q", "-l", "-j2", "-S1K", "-T", "tmp", "-o", "out", "long"]
with subprocess.Popen(command, env=environment) as child:
    whole = moments.whole(child)
want = open("out", "rb").read()
os.remove("out")
ended = 0
numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
try: # after SIGKILL nobody can clean up: there must have been no name
    os.close(os.open(".", os.O_TMPFILE | os.O_WRONLY))
    if not named:
        numbers.append(signal.SIGKILL)
except OSError as error:
    print(f"no nameless files here, so no SIGKILL: {error}")
for i in range(kills):
    number = numbers[i % len(numbers)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        moments.reach(child, whole * draw.random())
        child.send_signal(number)
        if i % 3 == 1:
            time.sleep(0.001 * draw.random())
            child.send_signal(number)
        out, err = child.communicate(timeout=60)
    status = child.returncode
    left = os.listdir("tmp") + [name for name in os.listdir(".") if name.startswith(".mrcount")]
    if status not in (-number, 0):
        sys.exit(f"signal {number}: exit status {status}: {err}")
    if left or out or err:
        sys.exit(f"signal {number}: left {left}, printed {out[:100]}, said {err}")
    if status == 0 or os.path.exists("out"):
        # Too late: all had been written.
        if open("out", "rb").read() != want:
            sys.exit(f"signal {number}: an output that is not whole")
        os.remove("out")
    ended += status != 0
print(f"ended by a signal: {ended} of {kills}")
if ended == 0 and kills >= 20:
    sys.exit("every signal came too late")
END
python3 kill.py "$kills" "" || fail "$kills kills"
[ -n "$slow" ] || python3 kill.py "$kills" "$MRCOUNT_BUILD/fault/preload.so" || fail "$kills kills, temporaries with names"

cat > shared.py <<'END'
import moments, os, random, signal, subprocess, sys
kills, draw = int(sys.argv[1]), random.Random(13)
command = ["mrcount", "-q", "-l", "-j2", "long"]
with open("want", "wb") as file, subprocess.Popen(command, stdout=file) as child:
    whole = moments.whole(child)
with open("want", "rb") as file:
    want = file.read()
ended = 0
for i in range(kills):
    number = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP][i % 3]
    with open("shared", "wb") as file:
        file.write(b"head\n")
        file.flush()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file) as child:
            moments.reach(child, whole * draw.random())
            child.send_signal(number)
            status = child.wait(60)
        os.write(file.fileno(), b"tail\n")
    if status not in (-number, 0):
        sys.exit(f"signal {number}: exit status {status}")
    with open("shared", "rb") as file:
        lines = file.read()
    if not lines.startswith(b"head\n") or not lines.endswith(b"\ntail\n"):
        sys.exit(f"signal {number}: lost {lines[:20]} {lines[-20:]}")
    if not want.startswith(lines[5:-5]):
        sys.exit(f"signal {number}: not the beginning of the output: {lines[-60:]}")
    ended += status != 0
print(f"ended by a signal, with others on the output: {ended} of {kills}")
END
python3 shared.py "$kills" || fail "$kills kills, a shared output"
