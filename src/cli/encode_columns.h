/* SPDX-License-Identifier: MIT
 *
 * encode_columns - records as text, with columns in the place of the count: tsv, csv and json.
 */
#ifndef CLI_ENCODE_COLUMNS_H
#define CLI_ENCODE_COLUMNS_H

#include <stddef.h>

#include "cli/encode.h"
#include "engine/mapreduce.h"

struct encode_columns {
    /* Finds the key of a record, and writes the texts of its columns, numbers that JSON takes as
     * such, with TABs between them; `texts` has room for the payload and `room` bytes. Returns the
     * size of the texts. On any thread. */
    size_t (*record)(const void *context, const struct mr_record *record, struct mr_bytes *key,
                     unsigned char *texts);
    const void *context;
    size_t room;
    const char *labels; /* of encode_json_columns: from headings_json */
};

/* As encode_tsv and its like, with form->columns. */
int encode_tsv_columns(const struct mr_record *records, size_t count,
                       const struct encode_form *form, struct mr_buffer *bytes);
int encode_csv_columns(const struct mr_record *records, size_t count,
                       const struct encode_form *form, struct mr_buffer *bytes);
int encode_json_columns(const struct mr_record *records, size_t count,
                        const struct encode_form *form, struct mr_buffer *bytes);

#endif
