/* SPDX-License-Identifier: MIT
 *
 * encode - records as text: tsv, uniq, csv and json.
 *
 * These run on all workers at once and touch nothing but their arguments. They are on the hot path
 * of jobs with many distinct keys, hence the care about copies and digits.
 */
#ifndef CLI_ENCODE_H
#define CLI_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"

struct encode_columns;

struct encode_form {
    unsigned char end[2]; /* what stands behind each record */
    size_t end_size;
    unsigned bundles;                     /* of encode_bundled: ENCODE_BUNDLES at the most */
    const struct encode_columns *columns; /* of encode_columns.h */
};

#define ENCODE_BUNDLES 4096u

/* What all of these are. */
typedef int encode_batch(const struct mr_record *records, size_t count,
                         const struct encode_form *form, struct mr_buffer *bytes);

/* Appends the records to `bytes`; the count is the rank. Returns 0, or -1 when memory is out. */
int encode_tsv(const struct mr_record *records, size_t count, const struct encode_form *form,
               struct mr_buffer *bytes);
/* The same for programs that divide lines and fields themselves: TAB, newline, carriage return and
 * backslash in a key are \t, \n, \r and \\. */
int encode_escaped(const struct mr_record *records, size_t count, const struct encode_form *form,
                   struct mr_buffer *bytes);
/* For programs to which each line is work, and which send a line where its first field says: in
 * each batch of records those of one bundle are one line, the bundle's number and, behind TABs,
 * keys as above and counts in turn. A key's bundle is its FNV-1a hash modulo their number: the same
 * in any run, on any machine. */
int encode_bundled(const struct mr_record *records, size_t count, const struct encode_form *form,
                   struct mr_buffer *bytes);
/* As uniq -c prints: "%7ju KEY". */
int encode_uniq(const struct mr_record *records, size_t count, const struct encode_form *form,
                struct mr_buffer *bytes);
/* RFC 4180: quotes around a key that holds a comma, a quote, a CR or an LF. */
int encode_csv(const struct mr_record *records, size_t count, const struct encode_form *form,
               struct mr_buffer *bytes);
/* {"key":"...","count":3}; key_base64 for a key that is no valid UTF-8. */
int encode_json(const struct mr_record *records, size_t count, const struct encode_form *form,
                struct mr_buffer *bytes);

/* The same without counts: the keys as encode_tsv, encode_escaped, encode_csv and encode_json have
 * them. */
int encode_keys(const struct mr_record *records, size_t count, const struct encode_form *form,
                struct mr_buffer *bytes);
int encode_keys_escaped(const struct mr_record *records, size_t count,
                        const struct encode_form *form, struct mr_buffer *bytes);
int encode_keys_csv(const struct mr_record *records, size_t count, const struct encode_form *form,
                    struct mr_buffer *bytes);
int encode_keys_json(const struct mr_record *records, size_t count, const struct encode_form *form,
                     struct mr_buffer *bytes);

/* The parts of these: a key of csv; an object of json up to its key's end, behind which a comma or
 * '}' belongs; bytes as they are. Return as those. */
int encode_csv_key(struct mr_buffer *bytes, const unsigned char *key, size_t size);
int encode_json_key(struct mr_buffer *bytes, const unsigned char *key, size_t size);
int encode_literal(struct mr_buffer *bytes, const void *from, size_t size);

/* The digits of a number; returns what follows them. */
unsigned char *encode_number(unsigned char *out, uint64_t number);

#endif
