/* SPDX-License-Identifier: MIT
 *
 * tabulate - rows as columns aligned for reading: --format=table.
 *
 * Rows come as csv has them, so that whatever a run has as columns is a table as well. How wide a
 * column is must be known before the first line can go: the widest cell of the first rows decides,
 * and where a later one is wider it pushes out what stands behind it. So a table of any length
 * takes a bounded amount of memory, and the same rows give the same bytes however they are cut.
 *
 * For one thread at a time. Nothing here prints.
 */
#ifndef CLI_TABULATE_H
#define CLI_TABULATE_H

#include <stddef.h>

/* Rows that decide, the head not counted, or as many as have bytes for: */
#define TABULATE_ROWS 1000
#define TABULATE_BYTES ((size_t)1 << 20)
/* A cell that takes more columns than this decides nothing: not all lines shall be as long as the
 * longest key, where that is a whole document. */
#define TABULATE_WIDEST 200

struct bars;
struct tabulate;

/* Lines end in `end` and go to `write`, whole ones each time, which returns 0, or -1 (errno).
 * Returns NULL when memory is out. */
struct tabulate *tabulate_open(unsigned char end,
                               int (*write)(void *context, const void *bytes, size_t size),
                               void *context);

/* Has a bar behind each line: all rows but the head have a cell more than that, which holds the
 * bar's number in digits, or nothing for no bar. Before the first row; the bars are copied. */
void tabulate_draw_bars(struct tabulate *table, const struct bars *bars);

/* Takes whole rows of csv, each ended by a newline; the first of all is the head. Returns 0, or -1
 * with errno as `write` left it, or ENOMEM. */
int tabulate_put(struct tabulate *table, const void *rows, size_t size);

/* There are no more. Returns as that. */
int tabulate_finish(struct tabulate *table);

/* NULL is allowed. */
void tabulate_close(struct tabulate *table);

#endif
