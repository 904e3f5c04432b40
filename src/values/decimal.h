/* SPDX-License-Identifier: MIT
 *
 * decimal - exact decimal numbers: read from text, written as text, and as bytes that are ordered
 * as the numbers are.
 *
 * A number is [blanks] [+ or -] digits [. digits] [e [+ or -] digits] [blanks, CR], with a digit on
 * at least one side of the point: ".5" and "5." are numbers, "1,234", "0x10" and "nan" are none. It
 * keeps the decimals that it was read with: "3.50" and "3.5" are equal and print as they were.
 */
#ifndef VALUES_DECIMAL_H
#define VALUES_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define DECIMAL_DIGITS 38   /* at most, before and behind the point together */
#define DECIMAL_DECIMALS 18 /* at most, behind the point */

/* digits * 10^-scale; digits is between -10^38 and 10^38, both excluded, scale at most 18. All zero
 * is 0. */
struct decimal {
    __int128 digits;
    unsigned scale;
};

/* 10^0 to 10^38. */
extern const unsigned __int128 decimal_powers[DECIMAL_DIGITS + 1];

enum decimal_fault {
    DECIMAL_OK,
    DECIMAL_NONE,     /* it is no number */
    DECIMAL_TOO_LONG, /* it has more digits than there may be */
};

/* Reads a number, and no byte outside of the text. Its scale is how many decimals the text has,
 * once its exponent has moved the point; where these are too many, zeros at their end are taken off
 * (all of them) before that is a fault. -0 is 0. *decimal is set on success only. */
enum decimal_fault decimal_parse(const unsigned char *text, size_t size, struct decimal *decimal);

/* What decimal_print may write: a sign, a point and all digits, and some bytes to spare. */
#define DECIMAL_ROOM 48

/* Writes it with its `scale` decimals, never with an exponent: "-0.50". Returns its size; no NUL
 * follows. */
size_t decimal_print(const struct decimal *decimal, unsigned char out[DECIMAL_ROOM]);

/* Takes off the zeros at the end of its decimals: 3.50 becomes 3.5, and 3.00 becomes 3. */
void decimal_strip(struct decimal *decimal);

/* Less than 0, 0 or more than 0, as a is less than b, equal or more. Their scales play no part. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* What decimal_code may write: 1 byte and 16 of the whole, 9 pairs of decimals, 1 of the scale, and
 * some to spare. */
#define DECIMAL_CODE_ROOM 32

/* Writes the number as bytes, whose order by memcmp is that of the numbers, and where they are
 * equal that of their scales, the least first. No code is the beginning of another, so that
 * anything may follow it. Small numbers have short ones: whole ones 1 byte from -32 to 31, 2 up to
 * 4095, 3 up to 524287; decimals add one byte for each two digits, and one. Returns its size. */
size_t decimal_code(const struct decimal *decimal, unsigned char out[DECIMAL_CODE_ROOM]);
/* The size of a code that begins here. Reads that many bytes and none behind them. */
size_t decimal_code_size(const unsigned char *code);
/* The number of a code, which is whole; returns the code's size. */
size_t decimal_decode(const unsigned char *code, struct decimal *decimal);

/* The same of a number without zeros at the end of its decimals. Its bare code is a byte shorter
 * where it has some: it says how many by their digits. */
size_t decimal_code_bare(const struct decimal *stripped, unsigned char out[DECIMAL_CODE_ROOM]);
size_t decimal_decode_bare(const unsigned char *code, struct decimal *stripped);

#endif
