/* SPDX-License-Identifier: MIT
 *
 * test_key_cut - records are divided wherever that divides no key, and nowhere else.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "command/key_cut.h"

Suite *test_key_cut_suite(void);

enum { LONGEST = 5, LETTERS = 5, RECORDS = 1 + 5 + 25 + 125 + 625 + 3125 };

struct record {
    size_t size;
    unsigned char bytes[LONGEST];
};

static struct record records[RECORDS];

/* All records of up to LONGEST bytes that matter, in order: bytes below TAB, TAB and above it. */
static size_t list_records(size_t count, struct record record)
{
    static const unsigned char letters[LETTERS] = {'\0', '\b', '\t', ' ', 'a'};
    records[count++] = record;
    if (record.size == LONGEST)
        return count;
    record.size++;
    for (size_t i = 0; i < LETTERS; i++) {
        record.bytes[record.size - 1] = letters[i];
        count = list_records(count, record);
    }
    return count;
}

static int compare(const struct record *p, const struct record *q)
{
    const size_t least = p->size < q->size ? p->size : q->size;
    const int order = memcmp(p->bytes, q->bytes, least);
    return order != 0 ? order : (p->size > q->size) - (p->size < q->size);
}

static bool same_key(const struct record *p, const struct record *q)
{
    const size_t size = key_cut_key(p->bytes, p->size);
    return size == key_cut_key(q->bytes, q->size) && memcmp(p->bytes, q->bytes, size) == 0;
}

START_TEST(a_cut_is_where_no_key_has_records_on_both_sides)
{
    static size_t last[RECORDS]; /* of those that share a key with a record up to this one */
    ck_assert_uint_eq(list_records(0, (struct record){0}), RECORDS);
    for (size_t i = 0; i < RECORDS; i++) {
        ck_assert(i == 0 || compare(&records[i - 1], &records[i]) < 0);
        last[i] = i == 0 ? 0 : last[i - 1];
        for (size_t j = last[i] + 1; j < RECORDS; j++)
            if (same_key(&records[i], &records[j]))
                last[i] = j;
    }
    size_t cuts = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        const struct record *p = &records[i];
        for (size_t j = i + 1; j < RECORDS; j++) {
            const struct record *q = &records[j];
            const bool cut = key_cut_between(p->bytes, p->size, q->bytes, q->size);
            const size_t key = key_cut_key(p->bytes, p->size);
            if (cut != (last[i] < j) || cut != key_cut_between(p->bytes, key, q->bytes, q->size))
                ck_abort_msg("a cut between records %zu and %zu: %d", i, j, cut);
            cuts += cut;
        }
    }
    ck_assert_uint_gt(cuts, RECORDS);
}
END_TEST

static bool cut_at(size_t i, size_t j)
{
    return key_cut_between(records[i].bytes, records[i].size, records[j].bytes, records[j].size);
}

/* Of those of up to 3 bytes. */
START_TEST(where_there_is_said_to_be_no_cut_there_is_none)
{
    size_t count = 0, whole = 0;
    ck_assert_uint_eq(list_records(0, (struct record){0}), RECORDS);
    for (size_t i = 0; i < RECORDS; i++)
        if (records[i].size <= 3)
            records[count++] = records[i];
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j < count; j++) {
            const struct record *p = &records[i], *q = &records[j];
            if (!key_cut_none(p->bytes, key_cut_key(p->bytes, p->size), q->bytes, q->size))
                continue;
            whole += j > i;
            for (size_t a = i; a < j; a++)
                for (size_t b = a + 1; b <= j; b++)
                    if (cut_at(a, b))
                        ck_abort_msg("a cut from %zu to %zu: between %zu and %zu", i, j, a, b);
        }
    ck_assert_uint_gt(whole, count);
}
END_TEST

START_TEST(the_key_ends_before_the_first_tab)
{
    ck_assert_uint_eq(key_cut_key((const unsigned char *)"a\tb\tc", 5), 1);
    ck_assert_uint_eq(key_cut_key((const unsigned char *)"\tb", 2), 0);
    ck_assert_uint_eq(key_cut_key((const unsigned char *)"ab", 2), 2);
    ck_assert_uint_eq(key_cut_key(NULL, 0), 0);
}
END_TEST

Suite *test_key_cut_suite(void)
{
    Suite *suite = suite_create("key_cut");
    TCase *tests = tcase_create("key_cut");
    tcase_add_test(tests, a_cut_is_where_no_key_has_records_on_both_sides);
    tcase_add_test(tests, where_there_is_said_to_be_no_cut_there_is_none);
    tcase_add_test(tests, the_key_ends_before_the_first_tab);
    suite_add_tcase(suite, tests);
    return suite;
}
