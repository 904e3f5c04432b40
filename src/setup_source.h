/* SPDX-License-Identifier: MIT
 *
 * setup_source - what is read: the FILEs, those below directories, and how their bytes become text.
 */
#ifndef SETUP_SOURCE_H
#define SETUP_SOURCE_H

#include "cli/message.h"
#include "cli/operands.h"
#include "cli/options.h"
#include "engine/mapreduce.h"
#include "input/charset.h"
#include "input/decoder.h"
#include "input/walk.h"
#include "text/tokenizer.h"

/* All zero before it is opened. */
struct setup_source {
    const struct operands *operands;
    struct message *message;
    struct charset_rule rule;
    struct decoder *decoder; /* NULL: bytes are text as they are */
    struct walk *walk;       /* NULL: FILEs are read as they are named */
};

/* Finds the charset that the options name. To be called before anything is read. Returns 0, or -1,
 * which has been reported. */
int setup_source_charset(struct setup_source *source, const struct options *options,
                         struct message *message);
/* Opens the rest; all must outlive it. Returns 0, or -1 with *error filled. */
int setup_source_open(struct setup_source *source, const struct options *options,
                      const struct operands *operands, struct message *message,
                      struct mr_error *error);
/* When the input has been released. */
void setup_source_close(struct setup_source *source);

/* Fills in what is read, by that engine, and who hears what cannot be. */
void setup_source_files(const struct setup_source *source, const struct mr_engine *engine,
                        struct mr_files *files);

/* Loads the code that reading will take: later no code can be loaded. */
void setup_source_load(const struct setup_source *source);

/* Says of which FILEs the tokenizer met more invalid bytes than text has. */
void setup_source_note_invalid(const struct setup_source *source, const struct options *options,
                               const struct tokenizer *tokenizer, const struct mr_input *input);

#endif
