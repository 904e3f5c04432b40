/* SPDX-License-Identifier: MIT
 *
 * message - the only writer to standard error, and the keeper of the exit status.
 *
 * Whatever is printed goes through one lock and out in one write, so messages from any thread never
 * mix. A live line (the progress) may stand at the bottom of a terminal; it is erased before
 * anything else is printed. Control characters and bytes that are no UTF-8 come out escaped: names
 * and arguments come from elsewhere and must not drive the terminal.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/* The exit status: the worst of what was reported. */
enum message_exit {
    MESSAGE_OK = 0,
    MESSAGE_FILE = 1,  /* a FILE could not be read; all else was counted */
    MESSAGE_FATAL = 2, /* nothing, or nothing complete, came of it */
};

struct message;

/* Returns NULL when memory is out, and has said so. */
struct message *message_open(void);
void message_close(struct message *message);

/* With quiet, notes are not printed. Errors are. */
void message_set_quiet(struct message *message, bool quiet);

/* Whether standard error was a terminal when all began: while it counts the program may not be able
 * to ask. */
bool message_terminal(const struct message *message);

/* The status so far; it only ever gets worse. Any thread. */
int message_status(struct message *message);

/* All of these may be called on any thread. Formats are printf's and end without a newline. */

/* "mrcount: TEXT"; the status becomes MESSAGE_FATAL. */
void message_error(struct message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, followed by where to find help. */
void message_usage(struct message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "mrcount: NAME: REASON" for a FILE that could not be read; the status becomes MESSAGE_FILE. The
 * context is a struct message: the type is that of the input's hook. errnum is an errno value. */
void message_fault(void *context, const char *name, int errnum);
/* The same with a reason in words: "mrcount: NAME: TEXT". */
void message_unread(void *context, const char *name, const char *text);
/* "mrcount: NAME: TEXT" of a FILE that was read, unless quiet. As that. */
void message_remark(void *context, const char *name, const char *text);
/* "mrcount: NAME: TEXT"; the status becomes MESSAGE_FATAL. */
void message_fatal(struct message *message, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "mrcount: TEXT", and below it a part of `shown` with a mark under its byte at `place`; the status
 * becomes MESSAGE_FATAL. */
void message_marked(struct message *message, const char *shown, size_t place, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
/* "mrcount: TEXT", unless quiet. */
void message_note(struct message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* TEXT as it is, with its newlines: figures and other things that are wanted. */
void message_print(struct message *message, const char *text);
/* Bytes that another program wrote for the user, as they are, also where quiet is wanted; whole
 * lines should come together. The live line may come back behind them. The context is a struct
 * message: the type is that of the hook for what CMDs write. */
void message_pass(void *context, const void *bytes, size_t size);

/* Shows `text` (printable ASCII, shorter than the terminal is wide) as the live line, in the place
 * of the one before. Nothing happens after message_live_end. */
void message_live(struct message *message, const char *text);
/* Erases the live line and lets no other come: other output is about to begin. Cheap to repeat. */
void message_live_end(struct message *message);
/* Erases the live line where that can be done at once. For a signal's handler, before the process
 * ends. */
void message_abandon(struct message *message);

#endif
