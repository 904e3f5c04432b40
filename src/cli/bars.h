/* SPDX-License-Identifier: MIT
 *
 * bars - a bar behind each line, as long as its number is large.
 *
 * Where bars begin and which number is a full one must be known before the first line can go: the
 * first lines decide, BARS_LINES of them at the most, so that any number of lines takes a bounded
 * amount of memory. For one thread at a time.
 */
#ifndef CLI_BARS_H
#define CLI_BARS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/amount.h"

/* Lines that decide, or as many as have bytes for: */
#define BARS_LINES 1000
#define BARS_BYTES ((size_t)1 << 20)
/* Columns that a bar has at least, whatever the lines are. */
#define BARS_LEAST ((size_t)10)
/* Columns of a line that has a bar, at most. */
#define BARS_COLUMNS ((size_t)4096)

struct bars {
    size_t columns; /* of a line with its bar */
    bool blocks;    /* bars are drawn in eighths of a block, else by # */
    size_t start;   /* the column where bars begin, once decided, */
    amount full;    /* and the number of a full one */
};

/* Finds out how many columns there are, and what can be drawn. `standard`: lines go to standard
 * output. */
void bars_open(struct bars *bars, bool standard);

/* Lets a line of so many columns decide. */
void bars_look(struct bars *bars, size_t width, amount number);
/* All that do have been looked at. */
void bars_decide(struct bars *bars);

/* What bars_draw writes at most. */
size_t bars_room(const struct bars *bars);
/* Writes what belongs behind a line of so many columns: blanks and the bar, or nothing where that
 * is empty. Returns what follows it. */
unsigned char *bars_draw(const struct bars *bars, size_t width, amount number, unsigned char *out);

/* How many columns a text takes from the first on; a TAB goes on to the next multiple of 8. */
size_t bars_width(const unsigned char *text, size_t size);

#endif
