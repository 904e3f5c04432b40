/* SPDX-License-Identifier: MIT
 *
 * test_literal.c - bytes are found where memmem finds them, by every kernel.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernels/kernels.h"
#include "text/literal.h"

Suite *test_literal_suite(void);

/* Looks for the bytes in a text of its own, so that a look past it is seen. */
static void check_find(const unsigned char *text, size_t size, const unsigned char *bytes,
                       size_t length)
{
    unsigned char *copy = malloc(size + 1);
    struct literal literal;
    const struct kernels *kernels;

    ck_assert_ptr_nonnull(copy);
    /* At the end of the memory: the byte before is not looked at either. */
    memcpy(copy + 1, text, size);
    literal_open(&literal, bytes, length);
    const unsigned char *want = memmem(copy + 1, size, bytes, length);
    if (want == NULL)
        want = copy + 1 + size;
    for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
        kernels_selected = *kernels;
        const unsigned char *got = literal_find(&literal, copy + 1, copy + 1 + size);
        ck_assert_msg(got == want, "%s: %zu of %zu bytes in %zu: at %td, not %td", kernels->name,
                      length, length, size, got - copy - 1, want - copy - 1);
    }
    free(copy);
}

START_TEST(bytes_are_found_where_memmem_finds_them)
{
    static unsigned char text[700];
    unsigned char bytes[40];

    srand(7);
    for (int turn = 0; turn < 6000; turn++) {
        const unsigned letters = 2 + (unsigned)rand() % 5;
        const size_t size = (size_t)rand() % sizeof text, length = 1 + (size_t)rand() % 20;
        for (size_t i = 0; i < size; i++)
            text[i] = (unsigned char)("e\xC3Q/zx "[(unsigned)rand() % letters]);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (unsigned char)("e\xC3Q/zx "[(unsigned)rand() % letters]);
        if (turn % 2 == 0 && size > length) /* so that they are there */
            memcpy(text + (size_t)rand() % (size - length), bytes, length);
        check_find(text, size, bytes, length);
    }
}
END_TEST

START_TEST(bytes_are_found_at_any_place)
{
    static const unsigned char bytes[] = "POST /item/17 HTTP/2";
    const size_t length = sizeof bytes - 1;
    static unsigned char text[400];

    for (size_t size = length; size <= sizeof text; size += 13) {
        for (size_t place = 0; place + length <= size; place++) {
            memset(text, 'P', sizeof text);
            memcpy(text + place, bytes, length);
            check_find(text, size, bytes, length);
        }
    }
}
END_TEST

Suite *test_literal_suite(void)
{
    Suite *suite = suite_create("literal");
    TCase *tests = tcase_create("literal");

    tcase_add_test(tests, bytes_are_found_where_memmem_finds_them);
    tcase_add_test(tests, bytes_are_found_at_any_place);
    suite_add_tcase(suite, tests);
    return suite;
}
