/* SPDX-License-Identifier: MIT
 *
 * fold - full Unicode case folding (CaseFolding.txt, statuses C and F) of keys. Bytes that are no
 * part of valid UTF-8 pass unchanged.
 */
#ifndef TEXT_FOLD_H
#define TEXT_FOLD_H

#include <stddef.h>

/* Room that fold_bytes needs for the folded form of `size` bytes: no character grows to more than
 * three times its bytes, and some bytes past the end are written on the way. */
#define FOLD_GROWTH 3
#define FOLD_SLACK 16
#define FOLD_ROOM(size) ((size) * FOLD_GROWTH + FOLD_SLACK)

/* Writes the folded form of data[0, size) to out, which has FOLD_ROOM(size) bytes and does not
 * overlap data. Returns its size. */
size_t fold_bytes(const unsigned char *data, size_t size, unsigned char *out);

#endif
