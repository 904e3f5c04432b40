/* SPDX-License-Identifier: MIT
 *
 * tsv - the output that is lines in an open descriptor (mr_output_tsv): the key, a tab, and the
 * payload or, where that is empty, the rank.
 */
#include "base/io.h"
#include "engine/results/results.h"
#include "engine/mapreduce.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Digits of the largest rank. */
#define RANK_DIGITS 20
/* Who waits for a reader looks so often, in milliseconds, whether the job has failed meanwhile. A
 * descriptor to be woken by would be one more that can be missing. */
#define LOOK_EVERY 50
/* Bytes that a pipe takes at once when poll says that it takes any. */
#define AT_ONCE PIPE_BUF

struct tsv {
    int descriptor;
    bool waits; /* writing to it may wait for who reads: no regular file */
    _Atomic bool interrupted;
};

static unsigned char *put_rank(unsigned char *at, uint64_t rank)
{
    unsigned char digits[RANK_DIGITS];
    size_t first = RANK_DIGITS;
    do
        digits[--first] = (unsigned char)('0' + rank % 10);
    while ((rank /= 10) > 0);
    memcpy(at, digits + first, RANK_DIGITS - first);
    return at + RANK_DIGITS - first;
}

static int encode(void *context, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        const struct mr_record *record = &records[i];
        const size_t value = record->payload_size > 0 ? record->payload_size : RANK_DIGITS;
        unsigned char *line = mr_buffer_reserve(bytes, record->key_size + value + 2);
        if (!line)
            return (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory for results");
        unsigned char *at = line;
        memcpy(at, record->key, record->key_size);
        at += record->key_size;
        *at++ = '\t';
        if (record->payload_size > 0) {
            memcpy(at, record->payload, record->payload_size);
            at += record->payload_size;
        } else {
            at = put_rank(at, record->rank);
        }
        *at++ = '\n';
        mr_buffer_commit(bytes, (size_t)(at - line));
    }
    return 0;
}

/* Waits until the descriptor takes bytes, or says that it never will; false after an interruption.
 */
static bool wait_for_room(struct tsv *tsv)
{
    struct pollfd polled = {.fd = tsv->descriptor, .events = POLLOUT};
    while (!atomic_load(&tsv->interrupted)) {
        const int ready = poll(&polled, 1, LOOK_EVERY);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true;
    }
    return false;
}

/* Writes where that may wait. As io_write_full, but an interruption ends it: ECANCELED. */
static int write_when_ready(struct tsv *tsv, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        if (!wait_for_room(tsv)) {
            errno = ECANCELED;
            return -1;
        }
        const ssize_t written = write(tsv->descriptor, bytes, size < AT_ONCE ? size : AT_ONCE);
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (written == 0) { /* as io_write_full takes it */
            errno = ENOSPC;
            return -1;
        } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
            return -1;
        }
    }
    return 0;
}

static int write_bytes(void *context, const void *bytes, size_t size, uint64_t offset,
                       struct mr_error *error)
{
    struct tsv *tsv = context;
    (void)offset;
    const int result = tsv->waits ? write_when_ready(tsv, bytes, size)
                                  : io_write_full(tsv->descriptor, bytes, size);
    if (result != 0)
        return mr_fail(error, errno, "cannot write results: %s", strerror(errno));
    return 0;
}

static void interrupt(void *context)
{
    atomic_store(&((struct tsv *)context)->interrupted, true);
}

struct mr_output *mr_output_tsv(int descriptor)
{
    struct tsv *tsv = malloc(sizeof *tsv);
    struct stat status;
    if (!tsv)
        return results_failed(MR_NOMEM);
    tsv->descriptor = descriptor;
    /* What is no descriptor at all is left for the first write to tell. */
    tsv->waits = fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode);
    atomic_init(&tsv->interrupted, false);
    return mr_output_new(&(struct mr_writer){.struct_size = sizeof(struct mr_writer),
                                             .context = tsv,
                                             .encode = encode,
                                             .write = write_bytes,
                                             .interrupt = interrupt,
                                             .close = free});
}
