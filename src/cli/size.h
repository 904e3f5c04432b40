/* SPDX-License-Identifier: MIT
 *
 * size - amounts of bytes as people write and read them.
 */
#ifndef CLI_SIZE_H
#define CLI_SIZE_H

#include <stdint.h>

/* Reads a size as sort -S does: digits, then K, M, G, T, P or E (powers of 1024), b (bytes), % (of
 * total_ram) or nothing (KiB). k, m, g and t may be small. Returns 0, EINVAL where it is no size,
 * ERANGE where it is one past 2^64-1 bytes; *bytes is set on success only. */
int size_parse(const char *s, uint64_t total_ram, uint64_t *bytes);

/* Writes a size in decimal units, with one decimal from kilobytes on: "999 B", "1.2 GB". */
void size_format(uint64_t bytes, char out[static 16]);

/* The same in two parts, for figures that share one unit: the unit that suits `bytes`, and any
 * amount in that unit without its name. The unit is a static string such as "GB". */
const char *size_unit(uint64_t bytes);
void size_format_in(uint64_t bytes, const char *unit, char out[static 16]);

#endif
