/* SPDX-License-Identifier: MIT
 *
 * test_computed.c - what is computed for a key: how columns are read from arguments, how they are
 * headed, and how records that have them come out in each format.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "cli/computed.h"
#include "cli/encode_columns.h"
#include "cli/headings.h"
#include "engine/core/buffer.h"

Suite *test_computed_suite(void);

static struct computed computed;

static void add(enum computed_op op, const char *argument)
{
    ck_assert_ptr_null(computed_add(&computed, op, argument));
}

static void is(size_t number, enum computed_op op, const char *field, uint64_t place)
{
    ck_assert_uint_lt(number, computed.count);
    ck_assert(computed.columns[number].op == op && computed.columns[number].place == place);
    ck_assert_str_eq(computed.columns[number].field, field);
}

static void forget(void)
{
    computed_free(&computed);
}

START_TEST(columns_come_in_the_order_given_a_quantile_for_each_place)
{
    add(COMPUTED_SUM, "10");
    add(COMPUTED_QUANTILE, "a:b:0.25,1");
    add(COMPUTED_COUNT, NULL);
    add(COMPUTED_MEDIAN, "3");
    ck_assert_uint_eq(computed.count, 5);
    is(0, COMPUTED_SUM, "10", COMPUTED_PLACES / 2);
    is(1, COMPUTED_QUANTILE, "a:b", COMPUTED_PLACES / 4);
    is(2, COMPUTED_QUANTILE, "a:b", COMPUTED_PLACES);
    ck_assert(computed.columns[3].op == COMPUTED_COUNT && computed.columns[3].field == NULL);
    is(4, COMPUTED_MEDIAN, "3", COMPUTED_PLACES / 2);
}
END_TEST

START_TEST(a_place_is_a_decimal_number_from_0_to_1)
{
    static const struct {
        const char *given;
        uint64_t place;
    } good[] = {
        {"1:0", 0},
        {"1:.5", COMPUTED_PLACES / 2},
        {"1:0.000000000000000001", 1},
        {"1:0.999999999999999999000", COMPUTED_PLACES - 1},
        {"1:1.", COMPUTED_PLACES},
        {"1:01.00", COMPUTED_PLACES},
        {"1:0.99", COMPUTED_PLACES / 100 * 99},
    };
    static const char *const bad[] = {
        "1",   "1:",    "1:,",  "1:0.5,", "1:.",        "1:1.000000000000000001",
        "1:2", "1:10",  "1:-0", "1:+1",   "1:0.5e0",    "1:0.0000000000000000001",
        "1:x", "1:0,x", "1: 0", "1:1..",  "1:11111111", "1:18446744073709551617",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        add(COMPUTED_QUANTILE, good[i].given);
        is(i, COMPUTED_QUANTILE, "1", good[i].place);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(computed_add(&computed, COMPUTED_QUANTILE, bad[i]) != NULL, "%s", bad[i]);
}
END_TEST

static const char *find(const char *field, bool names, bool groups)
{
    computed_free(&computed);
    add(COMPUTED_SUM, field);
    return computed_find(computed.columns, names, groups);
}

START_TEST(a_field_is_one_number_or_one_name)
{
    ck_assert_ptr_null(find("12", false, false));
    ck_assert(!computed.columns->named && computed.columns->number == 12);
    ck_assert_ptr_null(find("price", true, false));
    ck_assert(computed.columns->named);
    ck_assert_ptr_null(find("\"a, \"\"b\"\" 3\"", true, false));
    ck_assert(computed.columns->named);
    ck_assert_str_eq(computed.columns->field, "a, \"b\" 3");
    ck_assert_ptr_null(find("\"12\"", true, false));
    ck_assert(computed.columns->named);
    ck_assert_ptr_null(find("0", true, true));
    ck_assert(!computed.columns->named && computed.columns->number == 0);

    ck_assert_str_eq(find("price", false, false), "not a number");
    ck_assert_str_eq(find("1-2", true, false), "more than one");
    ck_assert_str_eq(find("1,3", true, false), "more than one");
    ck_assert_str_eq(find("a,b", true, false), "more than one");
    ck_assert_str_eq(find("1,b", true, false), "more than one");
    ck_assert_str_eq(find("3-", true, false), "more than one");
    ck_assert_str_eq(find("0", true, false), "fields are numbered from 1");
    ck_assert_str_eq(find("\"a", true, false), "a quote is not closed");
    ck_assert_str_eq(find("", true, true), "a name is empty");
}
END_TEST

/* The columns' texts are the payload; the record's key is the key, or it with '*' before it. */
static size_t record_of(const void *context, const struct mr_record *record, struct mr_bytes *key,
                        unsigned char *texts)
{
    const size_t more = record->key_size > 0 && *record->key == '*';

    ck_assert_ptr_eq(context, &computed);
    *key = (struct mr_bytes){record->key + more, record->key_size - more};
    memcpy(texts, record->payload, record->payload_size);
    memcpy(texts + record->payload_size, "!", 1);
    return record->payload_size + 1;
}

static struct mr_record record(const char *key, const char *payload)
{
    return (struct mr_record){
        .key = (const unsigned char *)key,
        .key_size = strlen(key),
        .payload = (const unsigned char *)payload,
        .payload_size = strlen(payload),
    };
}

static void encodes(int (*encode)(const struct mr_record *, size_t, const struct encode_form *,
                                  struct mr_buffer *),
                    const char *want)
{
    const struct mr_record records[] = {
        record("a", "1\t-2.50"), record("*b, \"c\"", "\t"), record("", "12345678901234567890\t"),
        record("*", "1\t2\t"),   record("\xff", "0\t0"),
    };
    const struct options options = {.computed = computed};
    struct headings headings;
    ck_assert_int_eq(headings_open(&headings, &options), 0);
    char *labels = headings_json(&headings);
    const struct encode_columns columns = {record_of, &computed, 1, labels};
    const struct encode_form form = {.end = "\n", .end_size = 1, .columns = &columns};
    struct mr_buffer buffer;
    struct budget budget;
    size_t size;

    budget_open(&budget, 1 << 20);
    buffer_open(&buffer, &budget);
    ck_assert_int_eq(encode(records, 3, &form, &buffer), 0);
    ck_assert_int_eq(encode(records + 4, 1, &form, &buffer), 0);
    const unsigned char *got = mr_buffer_data(&buffer, &size);
    ck_assert_uint_eq(size, strlen(want));
    ck_assert_mem_eq(got, want, size);
    buffer_close(&buffer);
    headings_close(&headings);
    free(labels);
}

START_TEST(records_with_columns_come_out_in_each_format)
{
    struct options options = {.percent = true, .cumulative = true};
    struct headings headings;

    add(COMPUTED_SUM, "10");
    add(COMPUTED_QUANTILE, "a, \"\xc3\xa9\xff\x01:0.5");
    options.computed = computed;
    ck_assert_int_eq(headings_open(&headings, &options), 0);
    char *head = headings_csv(&headings);
    ck_assert_str_eq(head, "key,sum_10,\"quantile_a, \"\"\xc3\xa9\xff\x01_0.5\",percent,"
                           "cumulative");
    free(head);
    headings_close(&headings);
    encodes(encode_tsv_columns, "a\t1\t-2.50!\nb, \"c\"\t\t!\n\t12345678901234567890\t!\n"
                                "\xff\t0\t0!\n");
    encodes(encode_csv_columns, "a,1,-2.50!\n\"b, \"\"c\"\"\",,!\n,12345678901234567890,!\n"
                                "\xff,0,0!\n");
    encodes(
        encode_json_columns,
        "{\"key\":\"a\",\"sum_10\":1,\"quantile_a, \\\"\xc3\xa9\\ufffd\\u0001_0.5\":-2.50!}\n"
        "{\"key\":\"b, \\\"c\\\"\",\"sum_10\":,\"quantile_a, \\\"\xc3\xa9\\ufffd\\u0001_0.5\":!}\n"
        "{\"key\":\"\",\"sum_10\":12345678901234567890,"
        "\"quantile_a, \\\"\xc3\xa9\\ufffd\\u0001_0.5\":!}\n"
        "{\"key_base64\":\"/w==\",\"sum_10\":0,"
        "\"quantile_a, \\\"\xc3\xa9\\ufffd\\u0001_0.5\":0!}\n");
}
END_TEST

Suite *test_computed_suite(void)
{
    Suite *suite = suite_create("computed");
    TCase *tcase = tcase_create("computed");
    tcase_add_checked_fixture(tcase, NULL, forget);
    tcase_add_test(tcase, columns_come_in_the_order_given_a_quantile_for_each_place);
    tcase_add_test(tcase, a_place_is_a_decimal_number_from_0_to_1);
    tcase_add_test(tcase, a_field_is_one_number_or_one_name);
    tcase_add_test(tcase, records_with_columns_come_out_in_each_format);
    suite_add_tcase(suite, tcase);
    return suite;
}
