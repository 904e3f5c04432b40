/* SPDX-License-Identifier: MIT
 *
 * first_fault - which of several lines that are wrong is the first of the input.
 */
#ifndef TEXT_FIRST_FAULT_H
#define TEXT_FIRST_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "text/sequence.h"

/* Bytes of a reason. */
#define FIRST_FAULT_ROOM 256

/* What the mappers of a tokenizer share. */
struct first_fault {
    struct sequence sequence;
    /* Written by the mapper whose turn it is by `sequence`, and only by the first. */
    uint64_t number;               /* of the input, from its split */
    uint64_t line;                 /* in it, counted from 1 */
    char reason[FIRST_FAULT_ROOM]; /* empty: there is none */
};

/* Returns 0 and sets *first, or -1 with *error filled. */
int first_fault_open(struct first_fault **first, struct mr_error *error);
/* Whether it knows the order of the splits: whether sequence_follow has been called. */
bool first_fault_follows(const struct first_fault *first);
/* NULL is allowed. */
void first_fault_close(struct first_fault *first);

/* A line of the split is wrong, behind `lines` others; the map is to end with -1. Waits until it is
 * known whether one before it is. */
void first_fault_report(struct first_fault *first, const struct mr_split *split, uint64_t lines,
                        const char *reason, struct mr_error *error);

#endif
