# SPDX-License-Identifier: MIT
"""Runs a command and writes its peak memory in KiB to the file `peak`; ends as it does.

What is written is never less than what Python takes, some 10 MiB, of which the command is a copy
first.
"""
import os
import sys

child = os.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
with open("peak", "w", encoding="ascii") as out:
    print(usage.ru_maxrss, file=out)
sys.exit(os.waitstatus_to_exitcode(status))
