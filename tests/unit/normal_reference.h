/* SPDX-License-Identifier: MIT
 *
 * normal_reference.h - Unicode's normalization forms by the letter of the standard, slowly.
 */
#ifndef TESTS_NORMAL_REFERENCE_H
#define TESTS_NORMAL_REFERENCE_H

#include <stddef.h>

#include "text/normalize_form.h"

/* The form of data[0, size), malloc'ed, and its size. NORMALIZE_NFKC_CASEFOLD is of text that has
 * been folded. */
unsigned char *normal_reference(enum normalize_form form, const unsigned char *data, size_t size,
                                size_t *result);

/* Whether normalize finds that form, by all its ways: says what differs, or NULL. Reads 64 bytes
 * behind data. */
const char *normal_reference_differs(enum normalize_form form, const unsigned char *data,
                                     size_t size);

#endif
