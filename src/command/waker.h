/* SPDX-License-Identifier: MIT
 *
 * waker - a thread waits until another one wakes it, or until all CMDs are stopped.
 *
 * It is a descriptor, so that the thread can wait for a process at the same time.
 */
#ifndef COMMAND_WAKER_H
#define COMMAND_WAKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "command/commands.h"

struct waker {
    int fd;            /* readable once woken */
    atomic_bool woken; /* it is, or soon will not be */
};

/* Returns 0 or an errno value. */
int waker_open(struct waker *waker);
void waker_close(struct waker *waker);
/* Any thread. */
void waker_wake(struct waker *waker);
/* Forgets that it was woken: to be called before looking at what one may be woken for. */
void waker_clear(struct waker *waker);
/* Waits, and sometimes for nothing. Returns 0, or -1 with *error filled: all are stopped. */
int waker_wait(struct waker *waker, struct commands *commands, struct mr_error *error);

#endif
