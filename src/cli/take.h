/* SPDX-License-Identifier: MIT
 *
 * take - how each option of the table is taken: what it puts into struct options, and what can be
 * wrong with it. See the members `take` and `check` of struct option_row.
 */
#ifndef CLI_TAKE_H
#define CLI_TAKE_H

#include "cli/option.h"

/* For options that fill one member, `place`: in a row the macros below give both, and do not
 * compile for a member of another type. */
void take_flag(struct option_pass *pass, const struct option_row *row, const char *given);
/* A list of names: one only, as two could not both be the FILEs. */
void take_list(struct option_pass *pass, const struct option_row *row, const char *given);
void take_text(struct option_pass *pass, const struct option_row *row, const char *given);
void take_number(struct option_pass *pass, const struct option_row *row, const char *given);
/* Each time adds a text. */
void take_texts(struct option_pass *pass, const struct option_row *row, const char *given);
void take_count(struct option_pass *pass, const struct option_row *row, const char *given);

#define TAKE_PLACE(member, type)                                                                   \
    .place = _Generic(&((struct options *)0)->member, type : offsetof(struct options, member))
#define TAKE_FLAG(member) .take = take_flag, TAKE_PLACE(member, bool *)
#define TAKE_TEXT(member) .take = take_text, TAKE_PLACE(member, const char **)
#define TAKE_TEXTS(member)                                                                         \
    .take = take_texts, .repeated = true, TAKE_PLACE(member, struct options_list *)
#define TAKE_NUMBER(member) .take = take_number, TAKE_PLACE(member, uint64_t *), .most = UINT64_MAX
#define TAKE_COUNT(member, from, to)                                                               \
    .take = take_count, TAKE_PLACE(member, unsigned *), .least = (from), .most = (to)

/* What a token is. */
void take_kind(struct option_pass *pass, const struct option_row *row, const char *given);
void take_words(struct option_pass *pass, const struct option_row *row, const char *given);
void take_fields(struct option_pass *pass, const struct option_row *row, const char *given);
void take_regexp(struct option_pass *pass, const struct option_row *row, const char *given);
void take_delimiter(struct option_pass *pass, const struct option_row *row, const char *given);
void take_check_fields(struct option_pass *pass, const struct option_row *row);
void take_check_csv(struct option_pass *pass, const struct option_row *row);
void take_check_delimiter(struct option_pass *pass, const struct option_row *row);
void take_ngrams(struct option_pass *pass, const struct option_row *row, const char *given);
void take_normalize(struct option_pass *pass, const struct option_row *row, const char *given);
void take_statuses(struct option_pass *pass, const struct option_row *row, const char *given);
void take_check_mapper(struct option_pass *pass, const struct option_row *row);

void take_check_merge(struct option_pass *pass, const struct option_row *row);

/* What is computed for a key. */
void take_computed(struct option_pass *pass, const struct option_row *row, const char *given);
void take_check_computed(struct option_pass *pass, const struct option_row *row);

/* What is printed. */
void take_top(struct option_pass *pass, const struct option_row *row, const char *given);
void take_sort(struct option_pass *pass, const struct option_row *row, const char *given);
void take_check_sort(struct option_pass *pass, const struct option_row *row);
void take_format(struct option_pass *pass, const struct option_row *row, const char *given);
void take_others(struct option_pass *pass, const struct option_row *row, const char *given);
void take_check_shares(struct option_pass *pass, const struct option_row *row);
void take_check_bars(struct option_pass *pass, const struct option_row *row);
void take_check_keys(struct option_pass *pass, const struct option_row *row);
void take_diff(struct option_pass *pass, const struct option_row *row, const char *given);
void take_check_diff(struct option_pass *pass, const struct option_row *row);
void take_check_escape(struct option_pass *pass, const struct option_row *row);
void take_check_bundle(struct option_pass *pass, const struct option_row *row);

/* How it runs. */
void take_size(struct option_pass *pass, const struct option_row *row, const char *given);
void take_directory(struct option_pass *pass, const struct option_row *row, const char *given);
void take_check_list(struct option_pass *pass, const struct option_row *row);
void take_glob(struct option_pass *pass, const struct option_row *row, const char *given);
void take_decompress(struct option_pass *pass, const struct option_row *row, const char *given);
void take_progress(struct option_pass *pass, const struct option_row *row, const char *given);
void take_action(struct option_pass *pass, const struct option_row *row, const char *given);
void take_help(struct option_pass *pass, const struct option_row *row, const char *given);
void take_shell(struct option_pass *pass, const struct option_row *row, const char *given);

#endif
