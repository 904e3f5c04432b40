/* SPDX-License-Identifier: MIT
 *
 * signals - notes what arrived; see signals.h.
 */
#include "cli/signals.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* Milliseconds for a temporary file that is being made to lose its name: it takes a few calls. */
#define PATIENCE 200

/* A handler can reach nothing but a global. */
static volatile sig_atomic_t signals_ending;   /* number of the first signal that asks for an end */
static volatile sig_atomic_t signals_progress; /* a progress line is wanted */
static const char *volatile signals_file;      /* to be removed by the second one */

static void signals_note_end(int number)
{
    if (signals_ending == 0) {
        signals_ending = number;
        return;
    }
    /* The second one: whoever sends it does not want to wait. It is blocked while this handler
     * runs and takes effect as soon as that returns. */
    io_end_names(PATIENCE);
    if (signals_file != NULL)
        (void)unlink(signals_file);
    signal(number, SIG_DFL);
    raise(number);
}

static void signals_note_progress(int number)
{
    (void)number;
    signals_progress = 1;
}

static void signals_set(int number, void (*handler)(int), int flags)
{
    struct sigaction action;

    /* These calls fail for no signal that exists. */
    if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    action = (struct sigaction){ .sa_handler = handler, .sa_flags = flags };
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

int signals_open(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* Opened the wrong way round: what is closed must not seem to work. */
        int got = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (got != fd)
            return -1;
    }
    signals_set(SIGUSR1, signals_note_progress, SA_RESTART);
#ifdef SIGINFO
    signals_set(SIGINFO, signals_note_progress, SA_RESTART);
#endif
    return 0;
}

void signals_catch(void)
{
    static const int ending[] = { SIGINT, SIGTERM, SIGHUP };

    /* No SA_RESTART: an open that waits for a FIFO's other end shall come back. */
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        signals_set(ending[i], signals_note_end, 0);
}

void signals_remove(const char *name)
{
    signals_file = name;
}

int signals_pending(void)
{
    return signals_ending;
}

bool signals_progress_wanted(void)
{
    bool wanted = signals_progress != 0;

    signals_progress = 0;
    return wanted;
}

void signals_die(int number)
{
    struct sigaction action;
    sigset_t set;

    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        return;
    signal(number, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
}
