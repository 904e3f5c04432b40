/* SPDX-License-Identifier: MIT
 *
 * spool - bytes that wait to be read, in memory while there is some, else on disk.
 *
 * A store has a number of blocks of memory, and a temporary file in each of its folders. A spool is
 * a queue of blocks that one thread fills while another one reads; what a block holds is read as
 * one piece. A full block goes to disk where the store has given away all of its memory, and is
 * filled again, unless the reader waits for it. Who reads cannot tell the difference.
 *
 * The blocks of one spool on disk are a list there: each says where the next one is. So a spool
 * takes no memory for them.
 */
#ifndef COMMAND_SPOOL_H
#define COMMAND_SPOOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "engine/mapreduce.h"

/* What a block takes of memory and of disk, and the bytes it has room for. */
#define SPOOL_BLOCK ((size_t)64 << 10)
#define SPOOL_ROOM (SPOOL_BLOCK - sizeof(struct spool_block))

/* Blocks on disk. */
struct spool_run {
    uint64_t first; /* the place of the first one */
    uint64_t count;
};

struct spool_block {
    struct spool_block *next; /* in a list in memory */
    struct spool_run run;     /* what comes between this one and the next */
    /* From here on it is what is on disk. */
    uint64_t checksum; /* of all behind it */
    uint64_t follower; /* where on disk the next block of the same spool that goes there will be */
    uint64_t size;     /* bytes used */
    unsigned char bytes[];
};

struct spool_options {
    uint64_t memory;            /* for blocks; each writer and reader may take two more */
    const char *const *tmpdirs; /* `tmpdir_count` of them, at least 1, used in turn */
    size_t tmpdir_count;
    void (*freed)(void *context); /* a quarter of the memory has become free; NULL: nobody waits */
    void *freed_context;
};

struct spool_store {
    struct spool_options options; /* constant */
    uint64_t most;                /* blocks that the memory is; constant */
    struct thread_mutex lock;     /* of all below */
    _Atomic uint64_t used;        /* blocks that somebody has; written under the lock */
    _Atomic uint64_t written;     /* bytes that went to disk; no lock */
    struct spool_block *free;     /* blocks that nobody has */
    struct spool_slab *slabs;     /* the memory of all */
    int *files;                   /* of each folder, -1 before it is needed */
    uint64_t *places;             /* a bit for each place on disk that is in use */
    size_t words, next_word;      /* of these; where to look first */
};

struct spool {
    struct spool_store *store;
    void (*fed)(void *context); /* there is something for a reader that found nothing */
    void *fed_context;
    /* The store's lock guards these. */
    bool ended, dropped;
    _Atomic bool starving;            /* the last read found nothing; written under the lock */
    struct spool_run run;             /* what comes before the first block in memory */
    struct spool_block *first, *last; /* blocks in memory to be read */
    /* The writer's. */
    struct spool_block *open; /* being filled */
    uint64_t place;           /* where the next block on disk will be, */
    bool placed;              /* if this is set */
    /* The reader's. */
    struct spool_block *shown; /* in hand, from memory */
    struct spool_block *read;  /* likewise, from disk; used again */
};

/* Returns 0, or -1 with *error filled, as all that take one. */
int spool_store_open(struct spool_store *store, const struct spool_options *options,
                     struct mr_error *error);
/* All its spools have been closed. */
void spool_store_close(struct spool_store *store);
/* Whether so little memory is left that full blocks go to disk; once it was so: whether a quarter
 * of it has not become free since. Any thread. */
bool spool_store_full(const struct spool_store *store);
bool spool_store_crowded(const struct spool_store *store);

/* An empty one, which needs no memory. `fed` (NULL: the reader does not wait) is called by the
 * writer. */
void spool_open(struct spool *spool, struct spool_store *store, void (*fed)(void *context),
                void *fed_context);
/* Nobody reads or writes any more. What it still has on disk is lost to the store as well. */
void spool_close(struct spool *spool);

/* The writer's. Room for `least` bytes (of SPOOL_ROOM) or more, all in one block; *room says how
 * many. NULL with *error filled. Pointers got earlier are invalid where the room is not behind
 * them. */
unsigned char *spool_room(struct spool *spool, size_t least, size_t *room, struct mr_error *error);
/* Counts so many bytes of the room as written. */
void spool_commit(struct spool *spool, size_t size);
/* Writes these, over as many blocks as they need. */
int spool_write(struct spool *spool, const void *bytes, size_t size, struct mr_error *error);
/* Lets the reader, who is about to want it, have the block that is not full yet. */
int spool_pass(struct spool *spool, struct mr_error *error);
/* The same, and nothing comes behind it. */
int spool_end(struct spool *spool, struct mr_error *error);
/* Whether the reader found nothing, and has got nothing since. */
bool spool_starving(const struct spool *spool);

enum spool_found {
    SPOOL_FAILED = -1, /* *error is filled */
    SPOOL_NOTHING,     /* to be had now */
    SPOOL_BYTES,
    SPOOL_ENDED,
};

/* The reader's. What the next block holds, never nothing, until the next call; the one before is
 * given back. */
enum spool_found spool_read(struct spool *spool, const unsigned char **bytes, size_t *size,
                            struct mr_error *error);
/* What is in the spool and what still comes is of no use: it is thrown away. */
void spool_drop(struct spool *spool);

/* ---- spool_disk.c: under the store's lock but for reading and writing ----------------------- */

/* Finds a free place and marks it. */
int spool_place_take(struct spool_store *store, uint64_t *place, struct mr_error *error);
void spool_place_give(struct spool_store *store, uint64_t place);
/* Writes and reads what is in a block. */
int spool_disk_write(struct spool_store *store, uint64_t place, struct spool_block *block,
                     struct mr_error *error);
int spool_disk_read(struct spool_store *store, uint64_t place, struct spool_block *block,
                    struct mr_error *error);
/* Where the block behind the one there is; false when that cannot be read. */
bool spool_disk_follow(struct spool_store *store, uint64_t place, uint64_t *follower);
/* Closes the files. */
void spool_disk_close(struct spool_store *store);

#endif
