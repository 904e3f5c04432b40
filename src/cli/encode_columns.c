/* SPDX-License-Identifier: MIT
 *
 * encode_columns - records with columns as text; see encode_columns.h.
 */
#include "cli/encode_columns.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/copy.h"

int encode_tsv_columns(const struct mr_record *records, size_t count,
                       const struct encode_form *form, struct mr_buffer *bytes)
{
    const struct encode_columns *columns = form->columns;
    size_t room = 0;

    for (size_t i = 0; i < count; i++)
        if (__builtin_add_overflow(room, records[i].key_size, &room) ||
            __builtin_add_overflow(room, records[i].payload_size, &room) ||
            __builtin_add_overflow(room, columns->room + 3, &room))
            return -1;
    unsigned char *start = mr_buffer_reserve(bytes, room);
    unsigned char *out = start;
    if (out == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct mr_bytes key;
        /* The texts go where they stand if the record's key is all key, as it nearly always is. */
        unsigned char *texts = out + records[i].key_size + 1;
        const size_t size = columns->record(columns->context, &records[i], &key, texts);
        out = copy_bytes(out, key.data, key.size);
        *out++ = '\t';
        if (texts != out)
            memmove(out, texts, size);
        out += size;
        memcpy(out, form->end, 2); /* of which end_size count */
        out += form->end_size;
    }
    mr_buffer_commit(bytes, (size_t)(out - start));
    return 0;
}

/* Room for the texts of any of the records; NULL when memory is out. The caller frees it. */
static unsigned char *encode_texts(const struct mr_record *records, size_t count,
                                   const struct encode_columns *columns)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        if (records[i].payload_size > most)
            most = records[i].payload_size;
    return malloc(most + columns->room);
}

/* Appends the texts of columns, `before` each what stands there: as many texts, each with its NUL,
 * or "" for a comma each. */
static int encode_numbers(struct mr_buffer *bytes, const unsigned char *texts, size_t size,
                          const char *before)
{
    const unsigned char *end = texts + size;

    for (;;) {
        const unsigned char *tab = memchr(texts, '\t', (size_t)(end - texts));
        const size_t length = (size_t)((tab != NULL ? tab : end) - texts);
        const char *label = *before != '\0' ? before : ",";
        const size_t labelled = strlen(label);
        unsigned char *out = mr_buffer_reserve(bytes, labelled + length);
        if (out == NULL)
            return -1;
        memcpy(mempcpy(out, label, labelled), texts, length);
        mr_buffer_commit(bytes, labelled + length);
        if (tab == NULL)
            return 0;
        texts = tab + 1;
        if (*before != '\0')
            before += labelled + 1;
    }
}

int encode_csv_columns(const struct mr_record *records, size_t count,
                       const struct encode_form *form, struct mr_buffer *bytes)
{
    const struct encode_columns *columns = form->columns;
    unsigned char *texts = encode_texts(records, count, columns);
    int status = texts != NULL ? 0 : -1;

    for (size_t i = 0; i < count && status == 0; i++) {
        struct mr_bytes key;
        const size_t size = columns->record(columns->context, &records[i], &key, texts);
        status = encode_csv_key(bytes, key.data, key.size) != 0 ||
                         encode_numbers(bytes, texts, size, "") != 0 ||
                         encode_literal(bytes, form->end, form->end_size) != 0
                     ? -1
                     : 0;
    }
    free(texts);
    return status;
}

int encode_json_columns(const struct mr_record *records, size_t count,
                        const struct encode_form *form, struct mr_buffer *bytes)
{
    const struct encode_columns *columns = form->columns;
    unsigned char *texts = encode_texts(records, count, columns);
    int status = texts != NULL ? 0 : -1;

    for (size_t i = 0; i < count && status == 0; i++) {
        struct mr_bytes key;
        const size_t size = columns->record(columns->context, &records[i], &key, texts);
        status = encode_json_key(bytes, key.data, key.size) != 0 ||
                         encode_numbers(bytes, texts, size, columns->labels) != 0 ||
                         encode_literal(bytes, "}", 1) != 0 ||
                         encode_literal(bytes, form->end, form->end_size) != 0
                     ? -1
                     : 0;
    }
    free(texts);
    return status;
}
