/* SPDX-License-Identifier: MIT
 *
 * spill_file - records in temporary files.
 *
 * A job that outgrows its memory writes the chunks of whole partitions to disk as extents: the
 * chunks one after the other, each behind a head with its size and a checksum. Each temporary
 * directory holds one file, which has no name from the start or loses it at once, so that nothing
 * remains however the process ends. The space of an extent that has been read is used for others
 * (extent_map.h).
 */
#ifndef ENGINE_SPILL_FILE_H
#define ENGINE_SPILL_FILE_H

#include "engine/mapreduce.h"
#include "engine/core/pool.h"

/* Bytes of an extent that are read at a time. */
#define SPILL_WINDOW ((size_t)64 << 10)

struct spill_file;

struct spill_extent {
    struct spill_extent *next;
    struct spill_file *file;
    uint64_t offset;
    uint64_t bytes;   /* on disk: heads and chunks */
    uint64_t content; /* of the records */
    uint64_t records;
};

struct spill {
    struct spill_file *files;
    size_t count;             /* directories, a file each */
    _Atomic size_t next_file; /* counts extents: they go to the files round-robin */
    _Atomic uint64_t written; /* bytes */
};

/* Prepares spilling to the directories, whose names must live as long; no file is made yet.
 * Returns 0 or an errno value. */
int spill_open(struct spill *spill, const char *const *directories, size_t count);
/* Closes the files. Extents still held are worthless afterwards. */
void spill_close(struct spill *spill);

/* Writes the records of as many chunks of a list as go into one extent, at least of one, and moves
 * *list behind them. The chunks stay the caller's; the extent is the caller's to free by
 * spill_extent_free. */
enum mr_status spill_write(struct spill *spill, const struct chunk **list,
                           struct spill_extent **extent, struct mr_error *error);

/* Reads an extent chunk by chunk. */
struct spill_reader {
    struct spill_extent *extent;
    struct pool_cache *cache;
    unsigned char *buffer; /* a window of the extent */
    size_t size;           /* of the buffer */
    size_t begin, end;     /* of the unread bytes in it */
    uint64_t at;           /* bytes of the extent read into it so far */
};

enum mr_status spill_reader_open(struct spill_reader *reader, struct spill_extent *extent,
                                 struct pool_cache *cache, struct mr_error *error);
/* The next chunk, which is the caller's, or NULL at the end or on failure (*status tells). */
struct chunk *spill_read(struct spill_reader *reader, enum mr_status *status,
                         struct mr_error *error);
void spill_reader_close(struct spill_reader *reader);

/* Gives the extent's space back to the file system, and frees it. */
void spill_extent_free(struct spill_extent *extent);

#endif
