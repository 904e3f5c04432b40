/* SPDX-License-Identifier: MIT
 *
 * fuzz_options - any command line, SIZE and LIST: the arguments are the lines of the input. What is
 * accepted must be sound.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command_line.h"
#include "cli/field_list.h"
#include "cli/message.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/size.h"

#define MOST 40

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_list(const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first == 0 || ranges[i].last < ranges[i].first)
            abort();
        if (i > 0 && ranges[i].first <= ranges[i - 1].last + 1)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *text = malloc(size + 1);
    char *arguments[MOST + 2] = {(char[]){"mrcount"}};
    int count = 1;
    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';

    struct range *ranges;
    size_t range_count;
    uint64_t bytes = 1;
    if (!number_parse_list(text, &ranges, &range_count)) {
        check_list(ranges, range_count);
        free(ranges);
    }
    struct field_list list;
    if (!field_list_parse(text, &list)) {
        check_list(list.ranges, list.range_count);
        for (size_t i = 0; i < list.name_count; i++)
            if (strlen(list.names[i]) > size)
                abort();
        field_list_free(&list);
    }
    int status = size_parse(text, UINT64_C(1) << 34, &bytes);
    if (status != 0 && status != EINVAL && status != ERANGE)
        abort();

    char *rest = text, *argument;
    while (count <= MOST && (argument = strsep(&rest, "\n")))
        arguments[count++] = argument;
    arguments[count] = NULL;
    struct message *message = message_open();
    struct options options;
    if (!message)
        abort();
    if (command_line_read(count, arguments, message, &options) == 0) {
        if (message_status(message) != 0)
            abort();
        check_list(options.chosen.ranges, options.chosen.range_count);
        if (options.ngram_min > options.ngram_max)
            abort();
    } else if (message_status(message) != MESSAGE_FATAL) {
        abort();
    }
    options_close(&options);
    message_close(message);
    free(text);
    return 0;
}
