/* SPDX-License-Identifier: MIT
 *
 * decoder - how FILEs become text: what is compressed is decompressed, and what is in another
 * charset is converted.
 *
 * A FILE's beginning says how it is compressed, its name never does. Libraries are loaded when the
 * first FILE needs them, or, by decoder_foresee, while code can still be loaded.
 */
#ifndef INPUT_DECODER_H
#define INPUT_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "input/charset.h"

struct decoder_options {
    bool decompress;             /* FILEs that are compressed; else their bytes are text */
    struct charset_rule charset; /* its charset must outlive the decoder */
    /* Is told of a FILE that could not be read as a whole, once a FILE; and of what is less. On any
     * thread. */
    void (*tell)(void *context, const char *name, const char *text);
    void (*note)(void *context, const char *name, const char *text);
    void *context; /* of both */
};

struct decoder;

/* Returns 0 with *decoder, or -1 with *error filled. */
int decoder_open(const struct decoder_options *options, struct decoder **decoder,
                 struct mr_error *error);
/* When the input has been released. NULL is allowed. */
void decoder_close(struct decoder *decoder);

/* How much memory the engine has, of which decoding takes a part, and how many workers. To be
 * called before anything is decoded. */
void decoder_limit(struct decoder *decoder, uint64_t memory, unsigned threads);

/* What the engine is to be given with the FILEs: NULL where their bytes are their text. */
const struct mr_decoder *decoder_files(const struct decoder *decoder);

/* Loads the libraries that FILEs with these names need, `count` of them; all there are, where that
 * cannot be seen without reading something away, or names is NULL. What is missing is told of when
 * a FILE needs it. */
void decoder_foresee(struct decoder *decoder, const char *const *names, size_t count);

/* The formats that the program can decompress, each after a blank; "" where it is none. */
const char *decoder_built_in(void);

#endif
