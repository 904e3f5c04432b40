/* SPDX-License-Identifier: MIT
 *
 * spill_file - temporary files and what lies in them (see spill_file.h).
 */
#include "engine/shuffle/spill_file.h"

#include "base/hash.h"
#include "base/io.h"
#include "engine/core/record.h"
#include "engine/shuffle/extent_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHUNKS_A_WRITE 256
/* An extent is not cut to less than one part in so many: each is a write, a read and memory. */
#define LEAST_PART 4
/* Bytes by which what follows the key of a record may grow: its two numbers. */
#define SPILL_TAIL (2 * RECORD_NUMBER_MAX)

struct spill_file {
    const char *directory;
    struct thread_mutex lock; /* of fd and space */
    int fd;                   /* -1: not made yet */
    struct extent_map space;
};

/* Before each chunk on disk. */
struct head {
    uint64_t used;
    uint64_t records;
    uint64_t checksum;
};

int spill_open(struct spill *spill, const char *const *directories, size_t count)
{
    *spill = (struct spill){.count = count};
    spill->files = calloc(count, sizeof *spill->files);
    if (!spill->files)
        return ENOMEM;
    int error = 0;
    size_t opened = 0;
    for (; error == 0 && opened < count; opened++) {
        spill->files[opened] = (struct spill_file){.directory = directories[opened], .fd = -1};
        error = thread_mutex_open(&spill->files[opened].lock);
    }
    if (error == 0)
        return 0;
    for (opened--; opened > 0; opened--)
        thread_mutex_close(&spill->files[opened - 1].lock);
    free(spill->files);
    return error;
}

void spill_close(struct spill *spill)
{
    for (size_t i = 0; i < spill->count; i++) {
        struct spill_file *file = &spill->files[i];
        if (file->fd >= 0)
            close(file->fd);
        extent_map_close(&file->space);
        thread_mutex_close(&file->lock);
    }
    free(spill->files);
}

/* Adds to an extent of nothing as many chunks of a list as take up to `most` bytes, but at least
 * one. Returns the rest of the list. */
static const struct chunk *fill(struct spill_extent *extent, const struct chunk *next,
                                uint64_t most)
{
    do {
        extent->bytes += sizeof(struct head) + next->used;
        extent->content += next->used;
        extent->records += next->records;
        next = next->next;
    } while (next && extent->bytes + sizeof(struct head) + next->used <= most);
    return next;
}

/* Chooses the file of the next extent, round-robin, and reserves a place for chunks of the list, of
 * which *end tells the first that is left over. */
static enum mr_status reserve(struct spill *spill, const struct chunk *list,
                              struct spill_extent *extent, const struct chunk **end,
                              struct mr_error *error)
{
    enum mr_status status = MR_OK;
    size_t number = atomic_fetch_add_explicit(&spill->next_file, 1, memory_order_relaxed);
    struct spill_file *file = &spill->files[number % spill->count];
    *extent = (struct spill_extent){.file = file};
    *end = fill(extent, list, EXTENT_MAP_REGION);
    thread_lock(&file->lock);
    if (file->fd < 0) {
        file->fd = io_open_temporary(file->directory);
        if (file->fd < 0)
            status = mr_error_set(error, MR_SPILL, errno, "%s: cannot create a temporary file: %s",
                                  file->directory, strerror(errno));
    }
    uint64_t least = sizeof(struct head) + list->used, room = extent->bytes;
    if (least < room / LEAST_PART)
        least = room / LEAST_PART;
    if (status == MR_OK && extent_map_take(&file->space, least, &room, &extent->offset) != 0)
        status = mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    if (status == MR_OK && room < extent->bytes) {
        *extent = (struct spill_extent){.file = file, .offset = extent->offset};
        *end = fill(extent, list, room);
        extent_map_shorten(&file->space, extent->offset, room, extent->bytes);
    }
    thread_unlock(&file->lock);
    return status;
}

/* Covers what is on disk, and where it belongs, so that no other chunk passes for it. */
static uint64_t checksum(const struct head *head, const unsigned char *data, uint64_t offset)
{
    struct hash_seed seed;
    unsigned char few[16] = {0};
    hash_seed_fixed(&seed, offset);
    if (head->used < sizeof few) {
        memcpy(few, data, head->used);
        data = few;
    }
    uint64_t hash = hash_bytes(&seed, data, head->used < sizeof few ? sizeof few : head->used);
    return hash_mix(hash ^ head->used, seed.word[0] ^ head->records);
}

static enum mr_status write_failed(struct spill *spill, const struct spill_file *file,
                                   struct mr_error *error)
{
    int reason = errno;
    struct statvfs space;
    uint64_t left = fstatvfs(file->fd, &space) == 0 ? (uint64_t)space.f_bavail * space.f_frsize : 0;
    return mr_error_set(error, MR_SPILL, reason,
                        "%s: cannot write temporary data: %s (%" PRIu64 " bytes written, %" PRIu64
                        " free there)",
                        file->directory, strerror(reason), atomic_load(&spill->written), left);
}

enum mr_status spill_write(struct spill *spill, const struct chunk **list,
                           struct spill_extent **result, struct mr_error *error)
{
    const struct chunk *next = *list, *end;
    struct spill_extent *extent = calloc(1, sizeof *extent);
    if (!extent)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    enum mr_status status = reserve(spill, next, extent, &end, error);
    uint64_t offset = extent->offset;
    while (status == MR_OK && next != end) {
        struct head heads[CHUNKS_A_WRITE];
        struct iovec pieces[2 * CHUNKS_A_WRITE];
        size_t bytes = 0;
        int n = 0;
        for (; next != end && n < CHUNKS_A_WRITE; next = next->next, n++) {
            struct head *head = &heads[n];
            *head = (struct head){.used = next->used, .records = next->records};
            head->checksum = checksum(head, next->data, offset + bytes);
            pieces[2 * n] = (struct iovec){head, sizeof *head};
            /* pwritev takes its bytes as not const. */
            pieces[2 * n + 1] = (struct iovec){(void *)(uintptr_t)next->data, next->used};
            bytes += sizeof *head + next->used;
        }
        if (io_pwritev_full(extent->file->fd, pieces, 2 * n, (off_t)offset) != 0)
            status = write_failed(spill, extent->file, error);
        offset += bytes;
        atomic_fetch_add_explicit(&spill->written, bytes, memory_order_relaxed);
    }
    if (status != MR_OK) {
        free(extent);
        return status;
    }
    *result = extent;
    *list = end;
    return MR_OK;
}

enum mr_status spill_reader_open(struct spill_reader *reader, struct spill_extent *extent,
                                 struct pool_cache *cache, struct mr_error *error)
{
    *reader = (struct spill_reader){.extent = extent, .cache = cache, .size = SPILL_WINDOW};
    if (extent->bytes < SPILL_WINDOW)
        reader->size = (size_t)extent->bytes;
    reader->buffer = malloc(reader->size);
    return reader->buffer ? MR_OK : mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
}

void spill_reader_close(struct spill_reader *reader)
{
    free(reader->buffer);
    reader->buffer = NULL;
}

/* Copies the next `size` bytes of the extent to `out`. Returns 0, or -1 with errno, which is 0
 * where the file is too short. */
static int read_bytes(struct spill_reader *reader, void *out, size_t size)
{
    unsigned char *to = out;
    while (size > 0) {
        if (reader->begin == reader->end) {
            /* What is larger than the window goes past it. */
            const bool past = size >= reader->size;
            uint64_t left = reader->extent->bytes - reader->at;
            size_t most = past ? size : reader->size;
            size_t n = left < most ? (size_t)left : most;
            off_t offset = (off_t)(reader->extent->offset + reader->at);
            ssize_t got =
                io_pread_full(reader->extent->file->fd, past ? to : reader->buffer, n, offset);
            if (got < 0)
                return -1;
            if ((size_t)got < n || n == 0) {
                errno = 0;
                return -1;
            }
            reader->at += n;
            if (past) {
                to += n;
                size -= n;
                continue;
            }
            reader->begin = 0;
            reader->end = n;
        }
        size_t n = reader->end - reader->begin;
        if (n > size)
            n = size;
        memcpy(to, reader->buffer + reader->begin, n);
        reader->begin += n;
        to += n;
        size -= n;
    }
    return 0;
}

static enum mr_status read_failed(const struct spill_reader *reader, struct mr_error *error)
{
    const char *directory = reader->extent->file->directory;
    if (errno != 0)
        return mr_error_set(error, MR_SPILL, errno, "%s: cannot read temporary data back: %s",
                            directory, strerror(errno));
    return mr_error_set(error, MR_SPILL, 0, "%s: temporary data have been damaged", directory);
}

struct chunk *spill_read(struct spill_reader *reader, enum mr_status *status,
                         struct mr_error *error)
{
    struct head head;
    uint64_t start = reader->at - (reader->end - reader->begin);
    *status = MR_OK;
    if (start == reader->extent->bytes)
        return NULL;
    if (read_bytes(reader, &head, sizeof head) != 0) {
        *status = read_failed(reader, error);
        return NULL;
    }
    if (head.used > reader->extent->bytes - start - sizeof head) {
        errno = 0;
        *status = read_failed(reader, error);
        return NULL;
    }
    bool exhausted;
    /* What follows a large record's key may be written anew, and longer. */
    const uint64_t room = head.used + (head.used > POOL_CAPACITY ? SPILL_TAIL : 0);
    struct chunk *chunk = pool_take(reader->cache, room, POOL_OVER_BUDGET, &exhausted);
    if (!chunk) {
        *status = mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return NULL;
    }
    errno = 0;
    chunk->used = head.used;
    chunk->records = head.records;
    if (read_bytes(reader, chunk->data, head.used) != 0 ||
        checksum(&head, chunk->data, reader->extent->offset + start) != head.checksum) {
        *status = read_failed(reader, error);
        pool_give(reader->cache, chunk);
        return NULL;
    }
    return chunk;
}

void spill_extent_free(struct spill_extent *extent)
{
    struct spill_file *file = extent->file;
    uint64_t from, spare;
    thread_lock(&file->lock);
    extent_map_give(&file->space, extent->offset, extent->bytes, &from, &spare);
#ifdef FALLOC_FL_PUNCH_HOLE
    /* Under the lock, before somebody writes there again. Only to save space: where the file system
     * cannot, the file just stays as long as it is. */
    if (spare > 0)
        (void)fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                        (off_t)spare);
#endif
    thread_unlock(&file->lock);
    free(extent);
}
