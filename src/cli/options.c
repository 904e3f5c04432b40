/* SPDX-License-Identifier: MIT
 *
 * options - what the command line says; see options.h.
 */
#include "cli/options.h"

#include <stdlib.h>

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
    free(options->ranges);
    free(options->delimiter);
    free((void *)options->engine.tmpdirs);
    options->ranges = NULL;
    options->delimiter = NULL;
    options->engine.tmpdirs = NULL;
}
