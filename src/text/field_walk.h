/* SPDX-License-Identifier: MIT
 *
 * field_walk - the fields of one line or record, one after the other: the simple way, for what is
 * read once a FILE or is of any size.
 */
#ifndef TEXT_FIELD_WALK_H
#define TEXT_FIELD_WALK_H

#include <stdbool.h>
#include <stddef.h>

/* All zero but the text before the first field. */
struct field_walk {
    const unsigned char *data; /* the line without its end; for a kind that is in_order what begins
                                * with the record */
    size_t size;
    size_t at; /* where to go on: in the end behind the record */
    /* The field at hand. */
    size_t begin, end;
    bool marked;   /* it has more than its text: quotes, which the kind's field_text takes off */
    bool unclosed; /* a quote that opened there is not closed */
    bool ended;    /* there is no field any more */
    /* Of fields with quotes or brackets: where the next that closes stands, if behind `at`. */
    size_t quote, bracket;
};

#endif
