/* SPDX-License-Identifier: MIT
 *
 * signals - how signals end the program; see signals.h.
 */
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

/* A handler can reach nothing but globals, and of what changes only atomics without locks (C11,
 * 7.14.1.1): other threads read and write them at the same time. */
_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "handlers use atomic_bool");
static atomic_bool signals_ending;          /* there is nothing to tidy any more */
static atomic_bool signals_progress;        /* a progress line is wanted */
static void (*signals_tidy)(void *context); /* constant once handlers are set, as is: */
static void *signals_context;

/* Kills this process by a signal whose default action does. */
static void signals_kill(int number)
{
    sigset_t set;

    signal(number, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    /* The kernel drops signals with their default action for the first process of a container. */
    _exit(128 + number);
}

static void signals_end(int number)
{
    if (!atomic_exchange(&signals_ending, true))
        signals_tidy(signals_context);
    signals_kill(number);
}

static void signals_note_progress(int number)
{
    (void)number;
    signals_progress = true;
}

/* No SA_RESTART: a blocked write shall come back, for the progress line to be printed. SA_NODEFER:
 * a second signal need not wait for the first one's handler. */
static void signals_set(int number, void (*handler)(int))
{
    struct sigaction action;

    /* These calls fail for no signal that exists. */
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    action = (struct sigaction){.sa_handler = handler, .sa_flags = SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

int signals_open(void (*tidy)(void *context), void *context)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* Opened the wrong way round: what is closed must not seem to work. */
        int got = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (got != fd)
            return -1;
    }
    signals_tidy = tidy;
    signals_context = context;
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        signals_set(ending[i], signals_end);
    signals_set(SIGUSR1, signals_note_progress);
#ifdef SIGINFO
    signals_set(SIGINFO, signals_note_progress);
#endif
    signal(SIGXFSZ, SIG_IGN);
    return 0;
}

void signals_close(void)
{
    signals_ending = true;
}

bool signals_progress_wanted(void)
{
    return atomic_load(&signals_progress) && atomic_exchange(&signals_progress, false);
}

void signals_die(int number)
{
    struct sigaction action;

    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        return;
    signals_kill(number);
}
