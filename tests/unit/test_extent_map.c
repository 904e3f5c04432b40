/* SPDX-License-Identifier: MIT
 *
 * test_space - places in a temporary file never overlap, are used again, and are given back.
 */
#include "engine/shuffle/extent_map.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 300, ROUNDS = 60000, MOST_BLOCKS = 1 << 16 };

struct place {
    uint64_t offset, bytes; /* 0 bytes: none */
};

static unsigned char owners[MOST_BLOCKS]; /* 1: a place is there, by block */

static size_t blocks_of(uint64_t bytes)
{
    return (size_t)((bytes + EXTENT_MAP_BLOCK - 1) / EXTENT_MAP_BLOCK);
}

/* Marks the blocks of a place, which must all have been otherwise. */
static void mark(const struct place *place, unsigned char owner)
{
    ck_assert_uint_eq(place->offset % EXTENT_MAP_BLOCK, 0);
    for (size_t i = 0; i < blocks_of(place->bytes); i++) {
        size_t block = (size_t)(place->offset / EXTENT_MAP_BLOCK) + i;
        ck_assert_uint_lt(block, MOST_BLOCKS);
        ck_assert_uint_ne(owners[block], owner);
        owners[block] = owner;
    }
}

static void give(struct extent_map *space, struct place *place)
{
    uint64_t from = 0, spare;
    mark(place, 0);
    extent_map_give(space, place->offset, place->bytes, &from, &spare);
    ck_assert_uint_eq(from % EXTENT_MAP_REGION + spare % EXTENT_MAP_REGION, 0);
    for (uint64_t at = from; at < from + spare; at += EXTENT_MAP_BLOCK)
        ck_assert_uint_eq(owners[at / EXTENT_MAP_BLOCK], 0);
    place->bytes = 0;
}

/* Takes a place for no fewer bytes. */
static int take_all(struct extent_map *space, uint64_t bytes, uint64_t *offset)
{
    return extent_map_take(space, bytes, &bytes, offset);
}

START_TEST(places_do_not_overlap)
{
    struct extent_map space = {0};
    struct place places[PLACES] = {{0}};
    unsigned random = 7, cut = 0;
    memset(owners, 0, sizeof owners);
    for (int round = 0; round < ROUNDS; round++) {
        struct place *place = &places[rand_r(&random) % PLACES];
        if (place->bytes > 0) {
            give(&space, place);
            continue;
        }
        uint64_t most = round % 50 == 0 ? 3 * EXTENT_MAP_REGION : EXTENT_MAP_REGION;
        const uint64_t wanted = 1 + (uint64_t)rand_r(&random) % most;
        const uint64_t least = 1 + (uint64_t)rand_r(&random) % wanted;
        place->bytes = wanted;
        ck_assert_int_eq(extent_map_take(&space, least, &place->bytes, &place->offset), 0);
        ck_assert_uint_ge(place->bytes, least);
        ck_assert_uint_le(place->bytes, wanted);
        mark(place, 1);
        if (place->bytes < wanted) {
            struct place rest = *place;
            place->bytes = least;
            extent_map_shorten(&space, place->offset, rest.bytes, least);
            mark(&rest, 0);
            mark(place, 1);
            cut++;
        }
    }
    for (size_t i = 0; i < PLACES; i++)
        if (places[i].bytes > 0)
            give(&space, &places[i]);
    for (size_t i = 0; i < space.count; i++)
        ck_assert_uint_eq(space.regions[i], 0);
    ck_assert_uint_gt(cut, 0);
    extent_map_close(&space);
}
END_TEST

/* As many bytes as before are written where the bytes before were, whatever their pieces. */
START_TEST(what_was_given_is_taken_again)
{
    static const uint64_t sizes[] = {EXTENT_MAP_BLOCK, 3 * EXTENT_MAP_BLOCK, EXTENT_MAP_REGION / 2,
                                     EXTENT_MAP_REGION};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct extent_map space = {0};
        uint64_t from, spare, offset, end = 0;
        for (int round = 0; round < 5; round++) {
            for (uint64_t at = 0; at < 64 * EXTENT_MAP_REGION; at += EXTENT_MAP_REGION) {
                ck_assert_int_eq(take_all(&space, EXTENT_MAP_REGION, &offset), 0);
                end = offset + EXTENT_MAP_REGION > end ? offset + EXTENT_MAP_REGION : end;
            }
            ck_assert_uint_eq(end, 64 * EXTENT_MAP_REGION);
            for (uint64_t at = 0; at < end; at += EXTENT_MAP_REGION)
                extent_map_give(&space, at, EXTENT_MAP_REGION, &from, &spare);
            size_t pieces = (size_t)(EXTENT_MAP_REGION / sizes[s]) * 64;
            uint64_t *offsets = malloc(pieces * sizeof *offsets);
            ck_assert_ptr_nonnull(offsets);
            for (size_t i = 0; i < pieces; i++) {
                ck_assert_int_eq(take_all(&space, sizes[s], &offsets[i]), 0);
                ck_assert_uint_le(offsets[i] + sizes[s], end);
            }
            for (size_t i = 0; i < pieces; i++)
                extent_map_give(&space, offsets[i], sizes[s], &from, &spare);
            free(offsets);
        }
        extent_map_close(&space);
    }
}
END_TEST

/* Regions of which the same piece is left over are filled by less than was wanted, and only where
 * that would be less than is good for anything the file becomes longer. */
START_TEST(a_hole_is_filled_before_a_file_grows)
{
    enum { REGIONS = 10, TAKEN = 46, LEFT = 64 - TAKEN };
    struct extent_map space = {0};
    uint64_t offset;
    for (uint64_t i = 0; i < REGIONS; i++) {
        ck_assert_int_eq(take_all(&space, TAKEN * EXTENT_MAP_BLOCK, &offset), 0);
        ck_assert_uint_eq(offset, i * EXTENT_MAP_REGION);
    }
    for (uint64_t i = 0; i < REGIONS; i++) {
        uint64_t bytes = TAKEN * EXTENT_MAP_BLOCK;
        ck_assert_int_eq(extent_map_take(&space, LEFT * EXTENT_MAP_BLOCK, &bytes, &offset), 0);
        ck_assert_uint_eq(bytes, LEFT * EXTENT_MAP_BLOCK);
        ck_assert_uint_eq(offset % EXTENT_MAP_REGION, TAKEN * EXTENT_MAP_BLOCK);
        extent_map_shorten(&space, offset, bytes, bytes - EXTENT_MAP_BLOCK);
    }
    ck_assert_uint_eq(space.count, REGIONS);
    uint64_t bytes = TAKEN * EXTENT_MAP_BLOCK;
    ck_assert_int_eq(extent_map_take(&space, 2 * EXTENT_MAP_BLOCK, &bytes, &offset), 0);
    ck_assert_uint_eq(bytes, TAKEN * EXTENT_MAP_BLOCK);
    ck_assert_uint_eq(offset, REGIONS * EXTENT_MAP_REGION);
    bytes = TAKEN * EXTENT_MAP_BLOCK;
    ck_assert_int_eq(extent_map_take(&space, 1, &bytes, &offset), 0);
    ck_assert_uint_eq(bytes, LEFT * EXTENT_MAP_BLOCK);
    ck_assert_uint_eq(offset, REGIONS * EXTENT_MAP_REGION + TAKEN * EXTENT_MAP_BLOCK);
    extent_map_close(&space);
}
END_TEST

START_TEST(most_of_what_is_free_is_given_back)
{
    struct extent_map space = {0};
    uint64_t offset, from, spare, sum = 0;
    for (int i = 0; i < 320; i++)
        ck_assert_int_eq(take_all(&space, EXTENT_MAP_REGION, &offset), 0);
    for (uint64_t i = 0; i < 320; i++) {
        extent_map_give(&space, i * EXTENT_MAP_REGION, EXTENT_MAP_REGION, &from, &spare);
        sum += spare;
    }
    ck_assert_uint_eq(sum, 310 * EXTENT_MAP_REGION);
    extent_map_close(&space);
}
END_TEST

Suite *test_extent_map_suite(void);

Suite *test_extent_map_suite(void)
{
    Suite *suite = suite_create("extent_map");
    TCase *tests = tcase_create("space");
    tcase_add_test(tests, places_do_not_overlap);
    tcase_add_test(tests, what_was_given_is_taken_again);
    tcase_add_test(tests, a_hole_is_filled_before_a_file_grows);
    tcase_add_test(tests, most_of_what_is_free_is_given_back);
    suite_add_tcase(suite, tests);
    return suite;
}
