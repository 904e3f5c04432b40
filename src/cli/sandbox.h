/* SPDX-License-Identifier: MIT
 *
 * sandbox - gives up what counting does not need.
 *
 * From sandbox_enter on, the process and the threads it makes may read files, make new ones and
 * remove them, read and write what is open, have memory and threads, read the time, and end: all
 * that the engine, the input and the output do. No program can be started, no connection made, no
 * other process touched, no file opened for writing that exists, no memory made executable: a call
 * that is none of the allowed ones fails with EPERM, or with ENOSYS where it is younger than Linux
 * 5.0. There is no way back. Under fakeroot (FAKEROOTKEY), whose library asks a daemon, System V
 * messages and semaphores are allowed too.
 *
 * Linux on x86-64 and AArch64 by a seccomp filter; elsewhere, built for coverage or with
 * sanitizers, which need more, and with MRCOUNT_NO_SANDBOX defined nothing happens.
 */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include <stdbool.h>

/* `replaces`: files are also to be linked and renamed, and given an owner and a mode. `socket`: the
 * one over which descriptors may be sent to a process started before, which may be waited for, or
 * -1. To be called when all but the input files is open. Returns whether it is in force; where the
 * system cannot, nothing has changed, and that is no error. */
bool sandbox_enter(bool replaces, int socket);

/* What to say behind the reason of a failure that may be the filter's doing, as that of a call of a
 * library that was not foreseen; "" where it is not. */
const char *sandbox_blamed(int errnum);

#endif
