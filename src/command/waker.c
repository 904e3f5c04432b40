/* SPDX-License-Identifier: MIT
 *
 * waker - see waker.h.
 */
#include "command/waker.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io.h"

/* Milliseconds that a wait takes at most: should waking ever fail, it is only late. */
#define WAKER_WAIT 100

int waker_open(struct waker *waker)
{
    atomic_init(&waker->woken, false);
    waker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return waker->fd < 0 ? errno : 0;
}

void waker_close(struct waker *waker)
{
    close(waker->fd);
}

void waker_wake(struct waker *waker)
{
    const uint64_t one = 1;

    /* The flag comes last: where it is set, there is something to be read. */
    (void)io_write_full(waker->fd, &one, sizeof one);
    atomic_store(&waker->woken, true);
}

void waker_clear(struct waker *waker)
{
    uint64_t count;

    if (atomic_exchange(&waker->woken, false))
        while (read(waker->fd, &count, sizeof count) < 0 && errno == EINTR)
            ;
}

int waker_wait(struct waker *waker, struct commands *commands, struct mr_error *error)
{
    struct pollfd polls[2] = {{.fd = waker->fd, .events = POLLIN},
                              {.fd = commands->wake, .events = POLLIN}};

    /* Where memory is short for a moment the next try may do. */
    if (poll(polls, 2, WAKER_WAIT) < 0 && errno != EINTR && errno != EAGAIN && errno != ENOMEM) {
        mr_error_set(error, MR_FAILED, errno, "cannot wait: %s", strerror(errno));
        return commands_fail(commands, error);
    }
    return commands_check(commands, error);
}
