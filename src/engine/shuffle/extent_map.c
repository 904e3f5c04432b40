/* SPDX-License-Identifier: MIT
 *
 * extent_map - first fit, from where the last place was found (see extent_map.h).
 */
#include "engine/shuffle/extent_map.h"

#include <stdlib.h>
#include <string.h>

#define REGION_BLOCKS 64u
/* Regions looked into for one place, at the most. */
#define MOST_LOOKS 4096
/* One free region in so many is kept for the next writes. */
#define IDLE_SHARE 32

void extent_map_close(struct extent_map *map)
{
    free(map->regions);
    *map = (struct extent_map){0};
}

static uint64_t blocks_of(uint64_t bytes)
{
    return (bytes + EXTENT_MAP_BLOCK - 1) / EXTENT_MAP_BLOCK;
}

static uint64_t bits_of(unsigned blocks)
{
    return blocks < REGION_BLOCKS ? (UINT64_C(1) << blocks) - 1 : UINT64_MAX;
}

/* The first of `blocks` free blocks side by side in a region, or -1. */
static int find_run(uint64_t used, unsigned blocks)
{
    uint64_t starts = ~used; /* where as many as `run` begin */
    for (unsigned run = 1; run < blocks && starts != 0;) {
        unsigned more = run < blocks - run ? run : blocks - run;
        starts &= starts >> more;
        run += more;
    }
    return starts != 0 ? __builtin_ctzll(starts) : -1;
}

/* The first of so many free regions side by side, or -1. */
static long find_regions(struct extent_map *map, size_t regions)
{
    size_t looks = map->count < MOST_LOOKS ? map->count : MOST_LOOKS, found = 0;
    for (size_t i = 0; i < looks; i++) {
        if (map->next >= map->count)
            map->next = found = 0;
        found = map->regions[map->next++] == 0 ? found + 1 : 0;
        if (found == regions)
            return (long)(map->next - regions);
    }
    return -1;
}

/* Adds free regions, and returns the first of them, or -1 when memory is out. */
static long add_regions(struct extent_map *map, size_t more)
{
    if (more > map->room - map->count) {
        size_t room = 2 * map->room + more + 64;
        /* Words. NOLINTNEXTLINE(bugprone-sizeof-expression) */
        uint64_t *regions = realloc(map->regions, room * sizeof *regions);
        if (!regions)
            return -1;
        map->regions = regions;
        map->room = room;
    }
    memset(map->regions + map->count, 0, more * sizeof *map->regions);
    map->count += more;
    return (long)(map->count - more);
}

/* Marks blocks of one region as used. */
static void use(struct extent_map *map, size_t region, unsigned first, unsigned blocks)
{
    if (map->regions[region] == 0 && map->idle > 0)
        map->idle--;
    map->regions[region] |= bits_of(blocks) << first;
}

/* The first of `blocks` free blocks side by side in one of the regions looked into, or, where there
 * are not so many in any, of the most there are, if these are `least`. Returns how many, or 0. */
static unsigned take_run(struct extent_map *map, unsigned least, unsigned blocks, uint64_t *offset)
{
    const size_t looks = map->count < MOST_LOOKS ? map->count : MOST_LOOKS;
    size_t region = 0;
    unsigned first = 0, found = 0;
    for (size_t i = 0; i < looks; i++, map->next++) {
        if (map->next >= map->count)
            map->next = 0;
        const uint64_t used = map->regions[map->next];
        unsigned run = find_run(used, blocks) >= 0 ? blocks : found > 0 ? found + 1 : least;
        for (int at; run <= blocks && (at = find_run(used, run)) >= 0; run++) {
            region = map->next;
            first = (unsigned)at;
            found = run;
        }
        if (found == blocks)
            break;
    }
    if (found == 0)
        return 0;
    use(map, region, first, found);
    *offset = region * EXTENT_MAP_REGION + first * EXTENT_MAP_BLOCK;
    return found;
}

int extent_map_take(struct extent_map *map, uint64_t least, uint64_t *bytes, uint64_t *offset)
{
    uint64_t blocks = blocks_of(*bytes);
    if (blocks <= REGION_BLOCKS) {
        const unsigned taken = take_run(map, (unsigned)blocks_of(least), (unsigned)blocks, offset);
        if (taken > 0) {
            if (taken < blocks)
                *bytes = taken * EXTENT_MAP_BLOCK;
            return 0;
        }
    }
    const size_t regions = (size_t)((blocks + REGION_BLOCKS - 1) / REGION_BLOCKS);
    long first = blocks > REGION_BLOCKS ? find_regions(map, regions) : -1;
    if (first < 0 && (first = add_regions(map, regions)) < 0)
        return -1;
    *offset = (uint64_t)first * EXTENT_MAP_REGION;
    for (size_t region = (size_t)first; blocks > 0; region++) {
        unsigned n = blocks < REGION_BLOCKS ? (unsigned)blocks : REGION_BLOCKS;
        use(map, region, 0, n);
        blocks -= n;
    }
    return 0;
}

void extent_map_shorten(struct extent_map *map, uint64_t offset, uint64_t bytes, uint64_t left)
{
    const uint64_t kept = blocks_of(left),
                   first = offset % EXTENT_MAP_REGION / EXTENT_MAP_BLOCK + kept;
    const unsigned n = (unsigned)(blocks_of(bytes) - kept);
    if (n > 0)
        map->regions[offset / EXTENT_MAP_REGION] &= ~(bits_of(n) << first);
}

void extent_map_give(struct extent_map *map, uint64_t offset, uint64_t bytes, uint64_t *from,
                     uint64_t *spare)
{
    uint64_t blocks = blocks_of(bytes);
    *spare = 0;
    for (size_t region = (size_t)(offset / EXTENT_MAP_REGION); blocks > 0; region++) {
        unsigned first = (unsigned)(offset % EXTENT_MAP_REGION / EXTENT_MAP_BLOCK);
        unsigned n = blocks < REGION_BLOCKS - first ? (unsigned)blocks : REGION_BLOCKS - first;
        map->regions[region] &= ~(bits_of(n) << first);
        blocks -= n;
        offset += n * EXTENT_MAP_BLOCK;
        if (map->regions[region] != 0)
            continue;
        if (map->idle < map->count / IDLE_SHARE) {
            map->idle++;
            continue;
        }
        if (*spare == 0)
            *from = region * EXTENT_MAP_REGION;
        *spare = (region + 1) * EXTENT_MAP_REGION - *from;
    }
}
