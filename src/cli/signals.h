/* SPDX-License-Identifier: MIT
 *
 * signals - notes what arrived; the main loop asks and acts.
 *
 * The handlers set a flag and nothing else. SIGINT, SIGTERM and SIGHUP ask for an orderly end, the
 * second of them kills at once; one that was ignored at the start (nohup) stays ignored.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

/* Makes sure that descriptors 0 to 2 are open, so that no file takes their place; one that was
 * closed fails when used. To be called first of all. Returns 0 or -1 (errno). */
int signals_open(void);
/* From here on the asking signals are noted; until then they kill, as there is nothing to tidy. */
void signals_catch(void);

/* The file of this name goes, too, when a second signal kills at once. NULL: none. The name must
 * stay until the next call. */
void signals_remove(const char *name);

/* The signal that asks for an end, 0 while there is none. */
int signals_pending(void);
/* Whether a progress line was asked for since the last call (SIGUSR1, SIGINFO). */
bool signals_progress_wanted(void);

/* Dies of `signal` as if it had never been caught. Returns only where it is ignored. */
void signals_die(int signal);

#endif
