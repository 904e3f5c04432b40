/* SPDX-License-Identifier: MIT
 *
 * signals - how signals end the program, and which of them wants a progress line.
 *
 * SIGINT, SIGTERM and SIGHUP end the program from within their handler, whatever the main thread is
 * blocked in: it tidies up with calls that handlers may make, and dies of the signal. Another one
 * that comes while it tidies kills at once. One that was ignored at the start (nohup) stays so.
 * Threads of the library have all signals blocked: handlers run on the main thread.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

/* To be called first of all. Makes sure that descriptors 0 to 2 are open, so that no file takes
 * their place (one that was closed fails when used), and sets the handlers. Before it dies of a
 * signal the process calls tidy(context), which may make only calls that are safe in a handler and
 * should return within 0.1 s. SIGXFSZ is ignored: the write that goes too far fails with EFBIG.
 * Returns 0 or -1 (errno). */
int signals_open(void (*tidy)(void *context), void *context);

/* From now on there is nothing to tidy: what `context` points to may go. */
void signals_close(void);

/* Whether a progress line was wanted since the last call (SIGUSR1, SIGINFO). They interrupt what
 * the main thread is blocked in, so that it can look. */
bool signals_progress_wanted(void);

/* Dies of `number` as if it had never been caught; where that cannot be (a container's first
 * process), exits with 128 + number. Returns only where the signal is ignored. */
void signals_die(int number);

#endif
