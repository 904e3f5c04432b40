/* SPDX-License-Identifier: MIT
 *
 * context - the first failure of a job (see context.h).
 */
#include "engine/core/context.h"

#include "base/excerpt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum mr_status mr_error_set(struct mr_error *error, enum mr_status status, int errnum,
                            const char *format, ...)
{
    if (error) {
        error->status = status;
        error->errnum = errnum;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

int context_open(struct context *context, const struct mr_job_spec *spec)
{
    context->spec = *spec;
    context->sums = spec->value_size == 0;
    context->keeps = !context->sums && !spec->combine;
    context->value_size = context->sums ? sizeof(uint64_t) : spec->value_size;
    context->form = (struct record_form){.kind = context->sums ? RECORD_SUM : RECORD_VALUE,
                                         .value_size = context->value_size};
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
    struct mr_error error = {.status = status, .errnum = errnum};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error.text, sizeof error.text, format, arguments);
    va_end(arguments);
    fail_once(context, &error);
}

void context_fail_with(struct context *context, enum mr_status status, const struct mr_error *error,
                       const char *otherwise)
{
    if (error->status != MR_OK)
        fail_once(context, error);
    else
        context_fail(context, status, 0, "%s", otherwise);
}

void context_no_memory(struct context *context)
{
    context_fail(context, MR_NOMEM, ENOMEM, "out of memory");
}

int context_overflow(struct context *context, const void *key, size_t size)
{
    char shown[EXCERPT_ROOM];

    excerpt_write(key, size, shown);
    context_fail(context, MR_OVERFLOW, 0, "the count of '%s' goes past 18446744073709551615",
                 shown);
    return -1;
}
