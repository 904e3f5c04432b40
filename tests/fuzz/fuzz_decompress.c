/* SPDX-License-Identifier: MIT
 *
 * fuzz_decompress - FILEs in any format, of any bytes, through the decoder.
 *
 * The first byte chooses the format, whose first bytes are put in front, how the FILE is read, and
 * what a piece is. The text must be the same from a regular file as from a pipe; or both must break
 * off, since from a regular one whole parts are decoded, which end at another byte.
 */
#include <stdlib.h>
#include <string.h>

#include "decoding.h"
#include "input/decoder.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const struct {
    const char *bytes;
    size_t size;
} beginnings[] = {
    {"", 0},
    {"\x1f\x8b\x08", 3},
    {"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16},
    {"\x28\xb5\x2f\xfd", 4},
    {"\xfd"
     "7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0",
     14},
    {"BZh91AY&SY", 10},
    {"\x04\x22\x4d\x18", 4},
    {"\x02\x21\x4c\x18", 4},
};

static void ignore(void *context, const char *name, const char *text)
{
    (void)context;
    if (strlen(name) + strlen(text) == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    /* Windows past this are refused: of what is made up most would be. */
    const struct decoder_options options = {.decompress = true, .tell = ignore, .note = ignore};
    const unsigned choice = size > 0 ? data[0] : 0;
    const size_t begin = beginnings[choice & 7].size;
    struct mr_error error;
    struct decoder *decoder;

    if (size == 0 || decoder_open(&options, &decoder, &error) != 0)
        return 0;
    decoder_limit(decoder, (uint64_t)24 << 20, 1);
    unsigned char *bytes = malloc(begin + size);
    if (bytes == NULL)
        abort();
    memcpy(bytes, beginnings[choice & 7].bytes, begin);
    memcpy(bytes + begin, data + 1, size - 1);
    const size_t whole = begin + size - 1;
    const size_t wanted = choice & 8 ? 100 : 1 << 18;
    struct decoding_result file = decoding_run(decoder_files(decoder), bytes, whole, 0, wanted);
    struct decoding_result pipe =
        decoding_run(decoder_files(decoder), bytes, whole, choice & 16 ? 7 : 4096, wanted);

    if (!file.broken && (pipe.broken || file.plain != pipe.plain || file.size != pipe.size ||
                         (file.size > 0 && memcmp(file.text, pipe.text, file.size) != 0)))
        abort();
    free(file.text);
    free(pipe.text);
    free(bytes);
    decoder_close(decoder);
    return 0;
}
