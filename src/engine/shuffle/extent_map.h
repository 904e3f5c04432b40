/* SPDX-License-Identifier: MIT
 *
 * extent_map - which blocks of a temporary file are in use.
 *
 * A bit a block, a word of them a region. What has been read is written over again, which is
 * cheaper than to give it back to the file system and take new blocks from there; only regions that
 * are free as a whole, and more of them than the next writes will want, are given back.
 */
#ifndef ENGINE_EXTENT_MAP_H
#define ENGINE_EXTENT_MAP_H

#include <stddef.h>
#include <stdint.h>

#define EXTENT_MAP_BLOCK ((uint64_t)4 << 10)
#define EXTENT_MAP_REGION (64 * EXTENT_MAP_BLOCK)

struct extent_map {
    uint64_t *regions; /* a bit for each block in use */
    size_t count;      /* regions of the file */
    size_t room;       /* regions there is memory for */
    size_t next;       /* region to look into first */
    size_t idle;       /* free regions that have not been given back */
};

/* All zero is a file of no blocks. */
void extent_map_close(struct extent_map *map);

/* Finds a place for *bytes, more than 0, and marks it as used. Up to EXTENT_MAP_REGION bytes lie in
 * one region, more begin with one. Rather than to make the file longer it takes a place for fewer,
 * `least` or more, and says in *bytes for how many. Returns 0, or -1 when memory is out. */
int extent_map_take(struct extent_map *map, uint64_t least, uint64_t *bytes, uint64_t *offset);
/* Marks what is behind the first `left` bytes, more than 0, of a place in one region as free. */
void extent_map_shorten(struct extent_map *map, uint64_t offset, uint64_t bytes, uint64_t left);
/* Marks that place as free. *spare bytes from *from on, if any, should go
 * back to the file system. */
void extent_map_give(struct extent_map *map, uint64_t offset, uint64_t bytes, uint64_t *from,
                     uint64_t *spare);

#endif
