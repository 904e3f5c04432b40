/* SPDX-License-Identifier: MIT
 *
 * charset_file - a FILE whose bytes are text in a charset: the callbacks of struct mr_decoder for
 * one.
 */
#ifndef INPUT_CHARSET_FILE_H
#define INPUT_CHARSET_FILE_H

#include "engine/mapreduce.h"
#include "input/charset.h"

struct charset_file;

/* Begins, behind a mark of `skip` bytes; says in *encoded whether its pieces come in order. Returns
 * 0, or -1 with *error filled. */
int charset_file_open(const struct charset *charset, size_t skip, struct mr_encoded *encoded,
                      struct charset_file **file, struct mr_error *error);
/* As those of struct mr_decoder. */
int charset_file_take(struct charset_file *file, struct mr_encoded *encoded, struct mr_piece *piece,
                      struct mr_error *error);
int charset_file_decode(struct charset_file *file, struct mr_piece *piece, struct mr_error *error);
void charset_file_close(struct charset_file *file);

#endif
