/* SPDX-License-Identifier: MIT
 *
 * table - records in memory, in the order in which they were added.
 *
 * A table is made by one thread at a time and read by any number of them afterwards. The records
 * lie in pages of a fixed number, their bytes in blocks: so nothing that is there is moved when
 * more is added, but for one pointer a page.
 */
#ifndef ENGINE_TABLE_H
#define ENGINE_TABLE_H

#include "engine/mapreduce.h"

/* Records of a page, which lie side by side. */
#define TABLE_PAGE ((size_t)1024)

/* An empty table; NULL when memory is out. */
struct mr_table *table_new(void);
/* Adds a copy of the record. Returns 0, or -1 when memory is out: the table is as before. */
int table_add(struct mr_table *table, const struct mr_record *record);
/* The records from number `first` on that lie side by side: *count of them, none past the last. */
const struct mr_record *table_records(const struct mr_table *table, size_t first, size_t *count);
/* Bytes of all records together, as they lie in memory. */
uint64_t table_bytes(const struct mr_table *table);

#endif
