/* SPDX-License-Identifier: MIT
 *
 * signals - how signals end the program; see signals.h.
 */
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* A handler can reach nothing but globals. */
static volatile sig_atomic_t signals_ending;   /* there is nothing to tidy any more */
static volatile sig_atomic_t signals_progress; /* a progress line is wanted */
static void (*signals_tidy)(void *context);    /* constant once handlers are set, as is: */
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
    const bool first = signals_ending == 0;

    signals_ending = 1;
    if (first)
        signals_tidy(signals_context);
    signals_kill(number);
}

static void signals_note_progress(int number)
{
    (void)number;
    signals_progress = 1;
}

/* No SA_RESTART: a blocked write shall come back, for the progress line to be printed. SA_NODEFER:
 * a second signal need not wait for the first one's handler. */
static void signals_set(int number, void (*handler)(int))
{
    struct sigaction action;

    /* These calls fail for no signal that exists. */
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    action = (struct sigaction){ .sa_handler = handler, .sa_flags = SA_NODEFER };
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

int signals_open(void (*tidy)(void *context), void *context)
{
    static const int ending[] = { SIGINT, SIGTERM, SIGHUP };

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
    signals_ending = 1;
}

bool signals_progress_wanted(void)
{
    bool wanted = signals_progress != 0;

    if (wanted)
        signals_progress = 0;
    return wanted;
}

void signals_die(int number)
{
    struct sigaction action;

    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        return;
    signals_kill(number);
}
