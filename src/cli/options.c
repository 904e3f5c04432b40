/* SPDX-License-Identifier: MIT
 *
 * options - what the command line says; see options.h.
 */
#include "cli/options.h"

#include <stdlib.h>

bool options_first(const struct options *options)
{
    return options->sort == OPTIONS_SORT_FIRST && (!options->total || options->have_top);
}

void options_open(struct options *options)
{
    *options = (struct options){
        .max_length = UINT64_MAX,
        .engine = {.struct_size = sizeof options->engine},
    };
    status_set_add(&options->accepted, 0);
}

void options_close(struct options *options)
{
    field_list_free(&options->chosen);
    computed_free(&options->computed);
    free(options->delimiter);
    free((void *)options->regexps.texts);
    free((void *)options->greps.texts);
    free((void *)options->vgreps.texts);
    free((void *)options->engine.tmpdirs);
    free(options->globs.rows);
    free(options->directory_globs.rows);
    options->delimiter = NULL;
    options->regexps = options->greps = options->vgreps = (struct options_list){NULL, 0};
    options->globs = options->directory_globs = (struct globs){NULL, 0};
    options->engine.tmpdirs = NULL;
}
