/* SPDX-License-Identifier: MIT
 *
 * decoder - how FILEs become text; see decoder.h.
 */
#include "input/decoder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "input/charset_file.h"

struct decoder {
    struct mr_decoder files;
    struct decoder_options options;
};

/* Says so where a FILE without a mark looks as if it needed one. */
static void decoder_guess(const struct decoder *decoder, const struct mr_encoded *encoded)
{
    const char *guess = charset_guess(encoded->head, encoded->head_size);
    char text[128];

    if (guess == NULL || decoder->options.note == NULL)
        return;
    snprintf(text, sizeof text, "every second byte is NUL: --encoding=%s if that is what it is",
             guess);
    decoder->options.note(decoder->options.context, encoded->name, text);
}

static int decoder_begin(void *context, struct mr_encoded *encoded, void **decoding, size_t *skip,
                         struct mr_error *error)
{
    struct decoder *decoder = context;
    const struct charset_rule *rule = &decoder->options.charset;
    const struct charset *charset = charset_choose(rule, encoded->head, encoded->head_size, skip);
    struct charset_file *file;

    if (charset == NULL) {
        if (rule->named == NULL && *skip == 0)
            decoder_guess(decoder, encoded);
        return 0;
    }
    if (charset_file_open(charset, *skip, encoded, &file, error) != 0)
        return -1;
    *decoding = file;
    return 0;
}

static int decoder_take(void *decoding, struct mr_encoded *encoded, struct mr_piece *piece,
                        struct mr_error *error)
{
    return charset_file_take(decoding, encoded, piece, error);
}

static int decoder_decode(void *decoding, struct mr_piece *piece, struct mr_error *error)
{
    return charset_file_decode(decoding, piece, error);
}

static void decoder_end(void *decoding)
{
    charset_file_close(decoding);
}

int decoder_open(const struct decoder_options *options, struct decoder **decoder,
                 struct mr_error *error)
{
    struct decoder *made = calloc(1, sizeof *made);

    *decoder = made;
    if (made == NULL) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    made->options = *options;
    made->files = (struct mr_decoder){
        .struct_size = sizeof made->files,
        .context = made,
        .open = decoder_begin,
        .take = decoder_take,
        .decode = decoder_decode,
        .close = decoder_end,
    };
    return 0;
}

void decoder_close(struct decoder *decoder)
{
    free(decoder);
}

const struct mr_decoder *decoder_files(const struct decoder *decoder)
{
    return &decoder->files;
}
