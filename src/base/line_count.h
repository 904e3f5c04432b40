/* SPDX-License-Identifier: MIT
 *
 * line_count - how many lines a text has.
 */
#ifndef BASE_LINE_COUNT_H
#define BASE_LINE_COUNT_H

#include <stddef.h>
#include <stdint.h>

/* How often the byte that ends lines is there. */
uint64_t line_count(const unsigned char *data, size_t size, unsigned char end);

#endif
