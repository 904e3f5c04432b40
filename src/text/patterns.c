/* SPDX-License-Identifier: MIT
 *
 * patterns - see patterns.h.
 */
#include "text/patterns.h"

#include <stdio.h>
#include <stdlib.h>

#include "text/template.h"

/* Compiles the REs of one option, behind `*used` others. */
static int compile_list(struct patterns *patterns, const struct patterns_list *list, bool case_fold,
                        size_t *used, struct regex_fault *fault)
{
    for (size_t i = 0; i < list->count; i++, ++*used) {
        if (regex_open(list->texts[i], case_fold, &patterns->regexes[*used], fault) != 0) {
            fault->option = list->option;
            return -1;
        }
    }
    return 0;
}

int patterns_open(const struct patterns_options *options, struct patterns **opened,
                  struct regex_fault *fault)
{
    const struct patterns_list lists[] = {options->tokens, options->wanted, options->unwanted};
    struct patterns *patterns = calloc(1, sizeof *patterns);
    size_t used = 0;

    *opened = NULL;
    *fault = (struct regex_fault){0};
    if (patterns != NULL) {
        patterns->tokens = options->tokens.count;
        patterns->wanted = options->wanted.count;
        patterns->unwanted = options->unwanted.count;
        patterns->regexes = calloc(patterns->tokens + patterns->wanted + patterns->unwanted + 1,
                                   sizeof(struct regex *));
    }
    if (patterns == NULL || patterns->regexes == NULL) {
        snprintf(fault->reason, sizeof fault->reason, "memory exhausted");
        goto fail;
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (compile_list(patterns, &lists[i], options->case_fold, &used, fault) != 0)
            goto fail;
    if (options->replace != NULL &&
        template_open(options->replace, patterns->regexes, patterns->tokens, &patterns->template,
                      fault) != 0) {
        fault->option = options->replace_option;
        goto fail;
    }
    *opened = patterns;
    return 0;

fail:
    patterns_close(patterns);
    return -1;
}

void patterns_close(struct patterns *patterns)
{
    if (patterns == NULL)
        return;
    template_close(patterns->template);
    for (struct regex **regex = patterns->regexes; regex != NULL && *regex != NULL; regex++)
        regex_close(*regex);
    free(patterns->regexes);
    free(patterns);
}

bool patterns_built_in(void)
{
    return regex_built_in();
}

bool patterns_choose(const struct patterns *patterns)
{
    return patterns != NULL && patterns->wanted + patterns->unwanted > 0;
}
