/* SPDX-License-Identifier: MIT
 *
 * commands - see commands.h.
 */
#include "command/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"

/* The spawner is forked last: what else fails needs no process to be ended, and all that it
 * inherits is closed by exec. */
int commands_open(const struct commands_options *options, struct commands **commands,
                  struct mr_error *error)
{
    struct commands *made = calloc(1, sizeof *made);
    sigset_t pipe_signal;

    *commands = NULL;
    if (made == NULL) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    made->options = *options;
    const int failed = thread_mutex_open(&made->lock);
    if (failed != 0) {
        mr_error_set(error, MR_INVALID, failed, "cannot make a lock: %s", strerror(failed));
        goto no_lock;
    }
    made->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made->wake < 0) {
        mr_error_set(error, MR_INVALID, errno, "cannot make an eventfd: %s", strerror(errno));
        goto no_wake;
    }
    if (spawner_open(options->mapper, options->reducer, &made->spawner, error) != 0)
        goto no_spawner;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigprocmask(SIG_BLOCK, &pipe_signal, NULL);
    *commands = made;
    return 0;

no_spawner:
    close(made->wake);
no_wake:
    thread_mutex_close(&made->lock);
no_lock:
    free(made);
    return -1;
}

void commands_stop(struct commands *commands)
{
    const uint64_t one = 1;

    if (!atomic_exchange(&commands->stopped, true))
        (void)io_write_full(commands->wake, &one, sizeof one);
}

int commands_fail(struct commands *commands, struct mr_error *error)
{
    thread_lock(&commands->lock);
    if (commands->first.status == MR_OK)
        commands->first = *error;
    else
        *error = commands->first;
    thread_unlock(&commands->lock);
    commands_stop(commands);
    return -1;
}

int commands_check(struct commands *commands, struct mr_error *error)
{
    if (!atomic_load(&commands->stopped))
        return 0;
    thread_lock(&commands->lock);
    *error = commands->first;
    thread_unlock(&commands->lock);
    if (error->status == MR_OK)
        mr_error_set(error, MR_CANCELLED, 0, "cancelled");
    return -1;
}

void commands_abandon(struct commands *commands)
{
    spawner_abandon(commands->spawner);
}

void commands_close(struct commands *commands, struct spawner_usage *usage)
{
    if (commands == NULL) {
        spawner_close(NULL, usage);
        return;
    }
    spawner_close(commands->spawner, usage);
    close(commands->wake);
    thread_mutex_close(&commands->lock);
    free(commands);
}
