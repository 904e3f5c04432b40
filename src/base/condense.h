/* SPDX-License-Identifier: MIT
 *
 * condense - a token that is read piece by piece, as only a part of it is wanted and it need not be
 * held whole.
 */
#ifndef BASE_CONDENSE_H
#define BASE_CONDENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far that is; all zero at the token's beginning. All of it is the text's own. */
struct condense {
    uint64_t part;            /* which is at hand, counted from 1 */
    bool inside;              /* that goes on in the next piece */
    bool any;                 /* something is wanted, be it of no bytes */
    uint64_t invalid;         /* bytes so far */
    unsigned char pending[4]; /* the beginning of a character, where the pieces divide one */
    size_t pending_size;
};

/* Bytes that the end of a token may add to what was kept of it. */
#define CONDENSE_END 16

#endif
