/* SPDX-License-Identifier: MIT
 *
 * amount - what shares are made of: exact numbers that are not negative, counts or sums, all of one
 * scale, and a part of a whole in percent.
 */
#ifndef CLI_AMOUNT_H
#define CLI_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As whole units of the scale; below 10^38, as 10 times that is not needed. */
typedef unsigned __int128 amount;

#define AMOUNT_DIGITS 38 /* at most */

/* What amount_write may write: all digits, a point and a zero before it. */
#define AMOUNT_ROOM 42

/* The decimals of a number that is written in digits, with a point or without. */
unsigned amount_scale(const unsigned char *text, size_t size);
/* Reads such a number, in units of a scale that is at least its own. Returns false, and sets
 * nothing, where it is written otherwise, as with a sign, or has too many digits. */
bool amount_read(const unsigned char *text, size_t size, unsigned scale, amount *number);
/* Writes it without zeros at the end of its decimals. Returns its size; no NUL follows. */
size_t amount_write(amount number, unsigned scale, unsigned char out[AMOUNT_ROOM]);

/* What part / whole is in hundredths of a percent, rounded half to even: from 0 to 10000. `part` is
 * not more than `whole`. Of a whole that is 0 each part is 0. */
unsigned amount_share(amount part, amount whole);
/* As much of `units` as part / whole is, rounded half up. `units` is at most 65536; `part` and
 * `whole` as above. */
unsigned amount_fit(amount part, amount whole, unsigned units);

/* What amount_write_share writes at most: "100.00". */
#define AMOUNT_SHARE_ROOM 6

/* Writes what amount_share returned with its two decimals. Returns its size. */
size_t amount_write_share(unsigned share, unsigned char out[AMOUNT_SHARE_ROOM]);

#endif
