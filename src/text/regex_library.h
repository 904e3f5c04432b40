/* SPDX-License-Identifier: MIT
 *
 * regex_library - PCRE2, where the program was built with it. It is loaded when it is needed first:
 * with the first RE that takes a third of a millisecond, where a small run takes one. Private to
 * text/.
 */
#ifndef TEXT_REGEX_LIBRARY_H
#define TEXT_REGEX_LIBRARY_H

#ifdef MRCOUNT_PCRE2

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stddef.h>

/* What is called of it. */
#define REGEX_LIBRARY_CALLS(call)                                                                  \
    call(compile) call(code_free) call(jit_compile) call(pattern_info) call(get_error_message)     \
        call(compile_context_create) call(compile_context_free) call(set_newline)                  \
            call(match_context_create) call(match_context_free) call(set_match_limit)              \
                call(set_depth_limit) call(set_heap_limit) call(set_offset_limit)                  \
                    call(set_callout) call(match_data_create_from_pattern) call(match_data_free)   \
                        call(get_ovector_pointer) call(get_startchar) call(jit_stack_create)       \
                            call(jit_stack_free) call(jit_stack_assign) call(match)                \
                                call(jit_match)

#define REGEX_LIBRARY_MEMBER(name) __typeof__(pcre2_##name) *name;

struct regex_library {
    REGEX_LIBRARY_CALLS(REGEX_LIBRARY_MEMBER)
};

/* The library, or NULL with *reason. Not for several threads at once. */
const struct regex_library *regex_library_open(const char **reason);

#endif

#endif
