/* SPDX-License-Identifier: MIT
 *
 * message - the only writer to standard error; see message.h.
 */
#include "cli/message.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/thread.h"
#include "cli/append.h"
#include "cli/quote.h"
#include "cli/sandbox.h"

struct message {
    struct thread_mutex lock; /* of all below */
    struct append append;     /* to standard error, which may be a file that others write, too */
    int status;
    bool quiet;
    bool terminal;    /* constant */
    atomic_bool live; /* a live line is on the terminal; a handler reads it without the lock */
    bool ended;       /* and no other may come */
    bool unended;     /* what was passed on last did not end a line */
};

/* Back to the line's start, and nothing left from there on. To the end of the screen, not of the
 * line: in a window made narrower a terminal may have folded the line into several. */
#define MESSAGE_ERASE "\r\033[J"

/* Where standard error itself fails there is nobody left to tell. */
static void message_write(struct message *message, const char *bytes, size_t size)
{
    (void)append_lines(&message->append, (const unsigned char *)bytes, size);
}

struct message *message_open(void)
{
    static const char no_memory[] = "mrcount: out of memory\n";
    struct message *message = calloc(1, sizeof *message);

    if (message != NULL && thread_mutex_open(&message->lock) != 0) {
        free(message);
        message = NULL;
    }
    if (message == NULL) {
        (void)io_write_full(STDERR_FILENO, no_memory, sizeof no_memory - 1);
        return NULL;
    }
    append_open(&message->append, STDERR_FILENO, '\n');
    message->terminal = isatty(STDERR_FILENO);
    return message;
}

void message_close(struct message *message)
{
    if (message == NULL)
        return;
    message_live_end(message);
    thread_mutex_close(&message->lock);
    free(message);
}

void message_set_quiet(struct message *message, bool quiet)
{
    thread_lock(&message->lock);
    message->quiet = quiet;
    thread_unlock(&message->lock);
}

bool message_terminal(const struct message *message)
{
    return message->terminal;
}

int message_status(struct message *message)
{
    thread_lock(&message->lock);
    int status = message->status;
    thread_unlock(&message->lock);
    return status;
}

static void message_erase_locked(struct message *message)
{
    if (message->live)
        message_write(message, MESSAGE_ERASE, sizeof MESSAGE_ERASE - 1);
    message->live = false;
}

/* What comes is a line of ours. */
static void message_begin_locked(struct message *message)
{
    message_erase_locked(message);
    if (message->unended)
        message_write(message, "\n", 1);
    message->unended = false;
}

/* The pieces of one message, put together as "mrcount: NAME: TEXT: REASON\nAFTER". */
struct message_parts {
    const char *name;   /* a file's, or NULL */
    const char *reason; /* or NULL */
    const char *after;  /* or NULL */
};

static void message_put(struct message *message, int status, const struct message_parts *parts,
                        const char *text)
{
    const char *name = parts->name == NULL ? "" : parts->name;
    const char *reason = parts->reason == NULL ? "" : parts->reason;
    const char *after = parts->after == NULL ? "" : parts->after;
    char small[512];
    size_t room = QUOTE_ROOM(strlen(name)) + QUOTE_ROOM(strlen(text)) + QUOTE_ROOM(strlen(reason)) +
                  strlen(after) + 64;
    char *whole = malloc(room);
    char *p = whole;

    if (whole == NULL) { /* say at least that much, unless it could harm */
        snprintf(small, sizeof small, "mrcount: %.400s\n", text);
        for (char *c = small; c[1] != '\0'; c++)
            if (quote_printable(c) != 1)
                *c = '?';
    } else {
        p = stpcpy(p, "mrcount: ");
        if (parts->name != NULL) {
            quote_name(name, p);
            p = stpcpy(p + strlen(p), *text != '\0' || *reason != '\0' ? ": " : "");
        }
        quote_escape(text, p);
        p += strlen(p);
        if (parts->reason != NULL) {
            p = stpcpy(p, *text != '\0' ? ": " : "");
            quote_escape(reason, p);
            p += strlen(p);
        }
        p = stpcpy(p, "\n");
        p = stpcpy(p, after);
    }

    thread_lock(&message->lock);
    if (message->status < status)
        message->status = status;
    message_begin_locked(message);
    if (whole == NULL)
        message_write(message, small, strlen(small));
    else
        message_write(message, whole, (size_t)(p - whole));
    thread_unlock(&message->lock);
    free(whole);
}

/* Formats `arguments` and prints; a text too long for the memory there is comes out cut short. */
static void message_format(struct message *message, int status, const struct message_parts *parts,
                           const char *format, va_list arguments)
{
    char fallback[256];
    char *text = NULL;
    va_list again;

    va_copy(again, arguments);
    if (vasprintf(&text, format, arguments) < 0) {
        text = NULL;
        vsnprintf(fallback, sizeof fallback, format, again);
    }
    va_end(again);
    message_put(message, status, parts, text == NULL ? fallback : text);
    free(text);
}

void message_error(struct message *message, const char *format, ...)
{
    const struct message_parts parts = {0};
    va_list arguments;

    va_start(arguments, format);
    message_format(message, MESSAGE_FATAL, &parts, format, arguments);
    va_end(arguments);
}

/* Of a long text this many bytes at most are shown before what is marked, and all in all. */
#define MESSAGE_BEFORE 48
#define MESSAGE_SHOWN 72

/* As the bytes of UTF-8 are taken by a terminal: one column each character. */
static bool message_continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void message_marked(struct message *message, const char *shown, size_t place, const char *format,
                    ...)
{
    const size_t size = strlen(shown);
    char part[MESSAGE_SHOWN + 1], after[2 * QUOTE_ROOM(MESSAGE_SHOWN) + 16], *p = after;
    const struct message_parts parts = {.after = after};
    size_t begin = place > MESSAGE_BEFORE ? place - MESSAGE_BEFORE : 0, end;
    va_list arguments;

    while (begin > 0 && message_continues(shown[begin]))
        begin--;
    end = size - begin < MESSAGE_SHOWN ? size : begin + MESSAGE_SHOWN;
    while (end > place && message_continues(shown[end]))
        end--;
    snprintf(part, sizeof part, "%.*s", (int)(end - begin), shown + begin);
    p = stpcpy(p, "  ");
    quote_escape(part, p);
    p = stpcpy(p + strlen(p), "\n  ");
    part[place - begin] = '\0';
    quote_escape(part, p);
    /* The mark stands below, so what is before it becomes blanks. */
    char *to = p;
    for (const char *from = p; *from != '\0'; from++)
        if (!message_continues(*from))
            *to++ = ' ';
    strcpy(to, "^\n");
    va_start(arguments, format);
    message_format(message, MESSAGE_FATAL, &parts, format, arguments);
    va_end(arguments);
}

void message_usage(struct message *message, const char *format, ...)
{
    const struct message_parts parts = {
        .after = "Try 'mrcount --help' for more information.\n",
    };
    va_list arguments;

    va_start(arguments, format);
    message_format(message, MESSAGE_FATAL, &parts, format, arguments);
    va_end(arguments);
}

void message_fault(void *context, const char *name, int errnum)
{
    /* glibc's strerror is safe between threads for the numbers that have a text. */
    char reason[256];
    const struct message_parts parts = {.name = name, .reason = reason};

    snprintf(reason, sizeof reason, "%s%s", strerror(errnum), sandbox_blamed(errnum));
    message_put(context, MESSAGE_FILE, &parts, "");
}

void message_unread(void *context, const char *name, const char *text)
{
    const struct message_parts parts = {.name = name};

    message_put(context, MESSAGE_FILE, &parts, text);
}

void message_remark(void *context, const char *name, const char *text)
{
    const struct message_parts parts = {.name = name};
    struct message *message = context;

    thread_lock(&message->lock);
    const bool quiet = message->quiet;
    thread_unlock(&message->lock);
    if (!quiet)
        message_put(message, MESSAGE_OK, &parts, text);
}

void message_fatal(struct message *message, const char *name, const char *format, ...)
{
    const struct message_parts parts = {.name = name};
    va_list arguments;

    va_start(arguments, format);
    message_format(message, MESSAGE_FATAL, &parts, format, arguments);
    va_end(arguments);
}

void message_note(struct message *message, const char *format, ...)
{
    const struct message_parts parts = {0};
    va_list arguments;

    thread_lock(&message->lock);
    bool quiet = message->quiet;
    thread_unlock(&message->lock);
    if (quiet)
        return;
    va_start(arguments, format);
    message_format(message, MESSAGE_OK, &parts, format, arguments);
    va_end(arguments);
}

void message_print(struct message *message, const char *text)
{
    thread_lock(&message->lock);
    message_begin_locked(message);
    message_write(message, text, strlen(text));
    thread_unlock(&message->lock);
}

void message_pass(void *context, const void *bytes, size_t size)
{
    struct message *message = context;

    if (size == 0)
        return;
    thread_lock(&message->lock);
    message_erase_locked(message);
    message_write(message, bytes, size);
    message->unended = ((const char *)bytes)[size - 1] != '\n';
    thread_unlock(&message->lock);
}

void message_live(struct message *message, const char *text)
{
    char line[1024];

    thread_lock(&message->lock);
    if (!message->ended) {
        /* The cursor rests at the beginning: where a terminal folds the line, it stays there. */
        int size = snprintf(line, sizeof line, "\r%s\033[J\r", text);
        if (size > 0 && (size_t)size < sizeof line) {
            message->live = true;
            message_write(message, line, (size_t)size);
        }
    }
    thread_unlock(&message->lock);
}

void message_live_end(struct message *message)
{
    thread_lock(&message->lock);
    message_erase_locked(message);
    message->ended = true;
    thread_unlock(&message->lock);
}

void message_abandon(struct message *message)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

    /* A terminal that was stopped is not waited for. */
    if (message->live && poll(&ready, 1, 0) > 0)
        (void)io_write_full(STDERR_FILENO, MESSAGE_ERASE, sizeof MESSAGE_ERASE - 1);
}
