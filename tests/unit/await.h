/* SPDX-License-Identifier: MIT
 *
 * await - waiting in tests: for what must come about, never for a time. There is no bound but
 * check's own, which ends a test that waits in vain.
 */
#ifndef TESTS_AWAIT_H
#define TESTS_AWAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#define AWAIT(condition)                                                                           \
    do {                                                                                           \
        while (!(condition))                                                                       \
            usleep(200);                                                                           \
    } while (0)

/* The calling thread's number, for await_asleep. */
pid_t await_thread(void);
/* Whether that thread of this process sleeps; 0, none yet, does not. Where a thread has one place
 * only at which it can wait, it waits there. */
bool await_asleep(pid_t thread);

#endif
