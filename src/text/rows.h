/* SPDX-License-Identifier: MIT
 *
 * rows - tokens with values: what else is wanted of the line or match that a key is of.
 *
 * A row is a token of the kinds fields, quoted, csv and matches, and the texts of its value fields:
 * fields of the same line or record, or groups of the same match. What these mean is not known
 * here. A parse makes of them the value that goes with the key to the engine, value_size bytes a
 * row; by that it says which rows are wrong, as a field is missing or is none of what it should be.
 * The first wrong row of the input ends the job, and its FILE and line are told by
 * tokenizer_first_fault, or wrong rows are left out.
 *
 * Values are parsed before keys are folded, normalized and filtered: whether a row is right does
 * not depend on whether its key is wanted. A line without a key, of which a count takes no notice,
 * is no row. A value of which the key is filtered, or that was parsed when the job failed, goes to
 * nobody.
 */
#ifndef TEXT_ROWS_H
#define TEXT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"

/* Bytes of a reason, with the NUL that ends it. */
#define ROWS_REASON 256

/* Why a row is wrong. */
struct rows_fault {
    char reason[ROWS_REASON]; /* "there is no field 10", "field 10 is no number: 'x'" */
};

/* Makes the values of `rows` rows, at least one, side by side from `values` on, which is aligned to
 * 64 bytes or to a multiple of the value size behind that. Field i of row n is
 * fields[n * field_count + i]; its data is NULL where the row has no such field, else, also where
 * it has no bytes, MR_PAD bytes can be read behind it. The bytes stay what they are until the value
 * has been emitted. Returns how many rows are right before the first that is wrong, of which
 * *fault, unless that is NULL, says why; `rows` where all are. Called by all mappers at the same
 * time. */
typedef size_t rows_parse(void *context, const struct mr_bytes *fields, size_t rows, void *values,
                          struct rows_fault *fault);

/* What mr_emit_batch takes, by its terms. */
struct rows_batch {
    const unsigned char *base;
    size_t size;
    const struct mr_span *keys;
    size_t count;       /* at least one */
    const void *values; /* side by side */
};

/* Emits rows in the place of mr_emit_batch, from a mapper with that state. Returns 0 to go on,
 * anything else when the job has ended. */
typedef int rows_emit(void *context, void *state, struct mr_emitter *emitter,
                      const struct rows_batch *batch, struct mr_error *error);

/* A value field: of a line or record by number, from 1, or by the name that the header gives it; of
 * a match the group of the RE that matched, by number, 0 being all of the match, or by name. */
struct rows_field {
    uint64_t number;
    const char *name; /* NULL: the number counts */
};

struct rows_options {
    const struct rows_field *fields; /* `field_count` of them, in any order, some perhaps alike */
    size_t field_count;              /* may be 0: then no row is wrong unless the parse says so */
    size_t value_size;               /* at least 1 */
    rows_parse *parse;
    /* NULL: mr_emit_batch. A key that no span can hold, of 4 GiB, fails the job where there is
     * one. */
    rows_emit *emit;
    mr_open *open;   /* the state of a mapper for emit, as of struct mr_job_spec; NULL: none */
    mr_map_end *end; /* emits what it still holds; NULL: nothing */
    mr_close *close;
    void *context;     /* of all these */
    bool skip_invalid; /* rows that are wrong are left out */
};

#endif
