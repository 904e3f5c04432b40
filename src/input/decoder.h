/* SPDX-License-Identifier: MIT
 *
 * decoder - how FILEs become text: what is in another charset is converted.
 */
#ifndef INPUT_DECODER_H
#define INPUT_DECODER_H

#include "engine/mapreduce.h"
#include "input/charset.h"

struct decoder_options {
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

/* What the engine is to be given with the FILEs: NULL where their bytes are their text. */
const struct mr_decoder *decoder_files(const struct decoder *decoder);

#endif
