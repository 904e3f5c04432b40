/* SPDX-License-Identifier: MIT
 *
 * key_cut - where records in order may be divided so that no key is.
 *
 * The key of a record is what stands before its first TAB, or all of it where there is none. In the
 * order of bytes the records of the key K do not follow each other: "K" itself comes first, then
 * what begins with K and a byte below TAB, then "K\t...".
 */
#ifndef COMMAND_KEY_CUT_H
#define COMMAND_KEY_CUT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a cut between the records p < q, which follow each other in the order of bytes, divides
 * no key, whatever stands before p and behind q. Of p no more than its key is looked at. */
bool key_cut_between(const unsigned char *p, size_t p_size, const unsigned char *q, size_t q_size);
/* Whether there is no cut between any two records that follow each other from p to q, where p <= q:
 * sufficient, not necessary. Of p it suffices to know the begin of its key. */
bool key_cut_none(const unsigned char *p, size_t p_size, const unsigned char *q, size_t q_size);
/* Bytes of the record's key. */
size_t key_cut_key(const unsigned char *record, size_t size);

#endif
