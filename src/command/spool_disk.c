/* SPDX-License-Identifier: MIT
 *
 * spool_disk - the temporary files of a store and the places of blocks in them; see spool.h.
 */
#include "command/spool.h"

#include "base/hash.h"
#include "base/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What of a block is on disk. */
#define ON_DISK offsetof(struct spool_block, checksum)
#define CHECKED offsetof(struct spool_block, follower)
#define PLACES 64 /* in a word */

static const char *folder_of(const struct spool_store *store, uint64_t place)
{
    return store->options.tmpdirs[place % store->options.tmpdir_count];
}

static int file_of(const struct spool_store *store, uint64_t place)
{
    return store->files[place % store->options.tmpdir_count];
}

static off_t offset_of(const struct spool_store *store, uint64_t place)
{
    return (off_t)(place / store->options.tmpdir_count * SPOOL_BLOCK);
}

/* Finds a word with a free place, or makes the files longer. */
static int find_word(struct spool_store *store)
{
    for (size_t i = store->next_word; i < store->words; i++)
        if (store->places[i] != UINT64_MAX) {
            store->next_word = i;
            return 0;
        }
    const size_t words = store->words == 0 ? 16 : 2 * store->words;
    uint64_t *places = realloc(store->places, words * sizeof *places);
    if (!places)
        return -1;
    memset(places + store->words, 0, (words - store->words) * sizeof *places);
    store->next_word = store->words;
    store->places = places;
    store->words = words;
    return 0;
}

int spool_place_take(struct spool_store *store, uint64_t *place, struct mr_error *error)
{
    if (find_word(store) != 0) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    uint64_t *word = &store->places[store->next_word];
    const unsigned bit = (unsigned)__builtin_ctzll(~*word);
    *place = store->next_word * PLACES + bit;
    int *file = &store->files[*place % store->options.tmpdir_count];
    if (*file < 0)
        *file = io_open_temporary(folder_of(store, *place));
    if (*file < 0) {
        const int reason = errno;
        mr_error_set(error, MR_SPILL, reason, "%s: cannot create a temporary file: %s",
                     folder_of(store, *place), strerror(reason));
        return -1;
    }
    *word |= UINT64_C(1) << bit;
    return 0;
}

void spool_place_give(struct spool_store *store, uint64_t place)
{
    const size_t word = (size_t)(place / PLACES);
    store->places[word] &= ~(UINT64_C(1) << place % PLACES);
    /* Low places first: the files stay as short as they can. */
    if (word < store->next_word)
        store->next_word = word;
}

/* Covers where the block belongs, too, so that no other passes for it. */
static uint64_t checksum(const struct spool_block *block, uint64_t place)
{
    struct hash_seed seed;
    hash_seed_fixed(&seed, place);
    return hash_bytes(&seed, (const unsigned char *)block + CHECKED,
                      sizeof *block - CHECKED + block->size);
}

int spool_disk_write(struct spool_store *store, uint64_t place, struct spool_block *block,
                     struct mr_error *error)
{
    const size_t size = sizeof *block - ON_DISK + block->size;
    block->checksum = checksum(block, place);
    if (io_pwrite_full(file_of(store, place), (unsigned char *)block + ON_DISK, size,
                       offset_of(store, place)) == 0) {
        atomic_fetch_add_explicit(&store->written, size, memory_order_relaxed);
        return 0;
    }
    const int reason = errno;
    mr_error_set(error, MR_SPILL, reason, "%s: cannot write temporary data: %s",
                 folder_of(store, place), strerror(reason));
    return -1;
}

int spool_disk_read(struct spool_store *store, uint64_t place, struct spool_block *block,
                    struct mr_error *error)
{
    const ssize_t got = io_pread_full(file_of(store, place), (unsigned char *)block + ON_DISK,
                                      SPOOL_BLOCK - ON_DISK, offset_of(store, place));
    if (got < 0) {
        const int reason = errno;
        mr_error_set(error, MR_SPILL, reason, "%s: cannot read temporary data: %s",
                     folder_of(store, place), strerror(reason));
        return -1;
    }
    const size_t head = sizeof *block - ON_DISK;
    if ((size_t)got < head || block->size > (size_t)got - head ||
        block->checksum != checksum(block, place)) {
        mr_error_set(error, MR_SPILL, 0, "%s: temporary data have been damaged",
                     folder_of(store, place));
        return -1;
    }
    return 0;
}

bool spool_disk_follow(struct spool_store *store, uint64_t place, uint64_t *follower)
{
    const off_t at = offset_of(store, place) + (off_t)(CHECKED - ON_DISK);
    return io_pread_full(file_of(store, place), follower, sizeof *follower, at) ==
           (ssize_t)sizeof *follower;
}

void spool_disk_close(struct spool_store *store)
{
    for (size_t i = 0; i < store->options.tmpdir_count; i++)
        if (store->files[i] >= 0)
            close(store->files[i]);
}
