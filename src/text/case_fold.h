/* SPDX-License-Identifier: MIT
 *
 * case_fold - full Unicode case folding (CaseFolding.txt, statuses C and F) of keys. Bytes that
 * are no part of valid UTF-8 pass unchanged.
 */
#ifndef TEXT_CASE_FOLD_H
#define TEXT_CASE_FOLD_H

#include <stddef.h>

/* Room that case_fold_bytes needs for the folded form of `size` bytes: no character grows to more
 * than three times its bytes, and some bytes past the end are written on the way. */
#define CASE_FOLD_GROWTH 3
#define CASE_FOLD_SLACK 16
#define CASE_FOLD_ROOM(size) ((size)*CASE_FOLD_GROWTH + CASE_FOLD_SLACK)

/* Writes the folded form of data[0, size) to out, which has CASE_FOLD_ROOM(size) bytes and does not
 * overlap data. Returns its size. */
size_t case_fold_bytes(const unsigned char *data, size_t size, unsigned char *out);

/* The same for what is to be normalized: texts that are canonically equivalent have folded forms
 * that are, too. That takes one thing: the iota that a subscript becomes, a letter, is put behind
 * all marks that follow the subscript, as in canonical order it is the last of them. */
size_t case_fold_ordered(const unsigned char *data, size_t size, unsigned char *out);

/* Either of them. */
typedef size_t case_fold_function(const unsigned char *data, size_t size, unsigned char *out);

#endif
