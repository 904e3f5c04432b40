/* SPDX-License-Identifier: MIT
 *
 * context - the first failure of a job (see context.h).
 */
#include "engine/core/context.h"

#include "base/excerpt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static void fill(struct mr_error *error, enum mr_status status, int errnum, const char *format,
                 va_list arguments)
{
    if (!error)
        return;
    error->status = status;
    error->errnum = errnum;
    vsnprintf(error->text, sizeof error->text, format, arguments);
}

int mr_fail(struct mr_error *error, int errnum, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, MR_FAILED, errnum, format, arguments);
    va_end(arguments);
    return -1;
}

enum mr_status mr_error_set(struct mr_error *error, enum mr_status status, int errnum,
                            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, status, errnum, format, arguments);
    va_end(arguments);
    return status;
}

/* Whether values of that size are written word by word. */
static bool in_words(size_t size)
{
    return size <= RECORD_WORDS_MOST && size % sizeof(uint64_t) == 0;
}

int context_open(struct context *context, const struct mr_job_spec *spec)
{
    context->spec = *spec;
    context->sums = spec->values == MR_SUM;
    context->keeps = spec->values == MR_GROUP;
    context->first = spec->values == MR_FIRST;
    context->value_size = context->sums    ? sizeof(uint64_t)
                          : context->first ? sizeof(uint64_t) + spec->value_size
                                           : spec->value_size;
    context->form = (struct record_form){.kind = context->sums                   ? RECORD_SUM
                                                 : context->first                ? RECORD_FIRST
                                                 : context->value_size == 0      ? RECORD_BYTES
                                                 : in_words(context->value_size) ? RECORD_WORDS
                                                                                 : RECORD_VALUE,
                                         .value_size = context->value_size};
    context->adds = spec->add_tag != 0;
    context->add_tag = spec->add_tag;
    context->add_bits = ~spec->add_tag;
    context->add_guard = spec->add_guard != 0 ? spec->add_guard : UINT64_MAX;
    return thread_mutex_open(&context->fault_lock);
}

void context_close(struct context *context)
{
    thread_mutex_close(&context->fault_lock);
}

/* Sets the stop flag, and the error where there is none yet. */
static void stop(struct context *context, const struct mr_error *error)
{
    thread_lock(&context->fault_lock);
    if (context->error.status == MR_OK)
        context->error = *error;
    thread_unlock(&context->fault_lock);
    atomic_store_explicit(&context->stop, true, memory_order_relaxed);
}

static void fail_once(struct context *context, const struct mr_error *error)
{
    stop(context, error);
    context->failed(context->owner);
}

void context_fail_unheard(struct context *context, const struct mr_error *error)
{
    stop(context, error);
}

void context_fail(struct context *context, enum mr_status status, int errnum, const char *format,
                  ...)
{
    struct mr_error error;
    va_list arguments;
    va_start(arguments, format);
    fill(&error, status, errnum, format, arguments);
    va_end(arguments);
    fail_once(context, &error);
}

void context_fail_with(struct context *context, enum mr_status status, const struct mr_error *error,
                       const char *otherwise)
{
    struct mr_error why = *error;
    if (why.status == MR_OK) {
        context_fail(context, status, 0, "%s", otherwise);
        return;
    }
    if (why.status == MR_FAILED)
        why.status = status;
    fail_once(context, &why);
}

void context_no_memory(struct context *context)
{
    context_fail(context, MR_NOMEM, ENOMEM, "out of memory");
}

enum mr_status context_status(struct context *context)
{
    thread_lock(&context->fault_lock);
    const enum mr_status status = context->error.status;
    thread_unlock(&context->fault_lock);
    return status;
}

int context_overflow(struct context *context, const void *key, size_t size)
{
    char shown[EXCERPT_ROOM];

    excerpt_write(key, size, shown);
    context_fail(context, MR_OVERFLOW, 0, "the count of '%s' goes past 18446744073709551615",
                 shown);
    return -1;
}
