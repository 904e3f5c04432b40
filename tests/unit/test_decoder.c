/* SPDX-License-Identifier: MIT
 *
 * test_decoder - FILEs become text: their formats are told by how they begin, and what is read of
 * them may come byte by byte, be cut off anywhere, or fail.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "decoding.h"
#include "input/compressed.h"
#include "input/decoder.h"
#include "unit/cases.h"
#include "unit/encoder.h"

Suite *test_decoder_suite(void);

#define MEMORY ((uint64_t)64 << 20)

/* What has been told and noted. */
static struct {
    unsigned faults, notes;
    char text[256]; /* the last */
} told;

static struct decoder *decoder;
static struct encoded made;

static void tell(void *context, const char *name, const char *text)
{
    (void)context;
    ck_assert_str_eq(name, "file");
    told.faults++;
    snprintf(told.text, sizeof told.text, "%s", text);
}

static void note(void *context, const char *name, const char *text)
{
    (void)context;
    ck_assert_str_eq(name, "file");
    told.notes++;
    snprintf(told.text, sizeof told.text, "%s", text);
}

static void open_decoder(bool decompress, const struct charset *charset)
{
    const struct decoder_options options = {
        .decompress = decompress, .charset = {.named = charset}, .tell = tell, .note = note};
    struct mr_error error;

    ck_assert_int_eq(decoder_open(&options, &decoder, &error), 0);
    decoder_limit(decoder, MEMORY, 2);
}

static void setup(void)
{
    open_decoder(true, NULL);
    made.size = 0;
}

static void teardown(void)
{
    decoder_close(decoder);
}

/* Whether the form can be tried here; else it is named. */
static bool can_try(const struct encoder *encoder)
{
    char reason[64];

    if (strstr(decoder_built_in(), encoder->name) != NULL)
        return true;
    snprintf(reason, sizeof reason, "built without %s", encoder->name);
    cases_skip("decoder", reason);
    return false;
}

static struct decoding_result run_in_way(const struct decoding_way *way)
{
    memset(&told, 0, sizeof told);
    /* In memory of its own, so that a sanitizer sees its end. */
    unsigned char *copy = malloc(made.size + 1);
    memcpy(copy, made.bytes, made.size);
    copy = realloc(copy, made.size > 0 ? made.size : 1);
    struct decoding_result result =
        decoding_run_in_way(decoder_files(decoder), copy, made.size, way);
    free(copy);
    ck_assert(!result.no_memory);
    return result;
}

static void check_text(const char *form, const struct decoding_result *result, const char *text,
                       size_t size)
{
    ck_assert_msg(!result->plain && result->size == size &&
                      (size == 0 || memcmp(result->text, text, size) == 0),
                  "%s: %zu bytes, not %zu; %s", form, result->size, size, told.text);
}

/* Ways to read: from a file and from a pipe, byte by byte and at once. */
static const struct decoding_way ways[] = {
    {.wanted = 1 << 18},
    {.wanted = 1},
    {.wanted = 5},
    {.most = 1, .wanted = 1 << 18},
    {.most = 1, .wanted = 1},
    {.most = 7, .wanted = 5},
    {.most = 4096, .wanted = 1 << 18},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* All is decoded, without a word, in every way to read. */
static void check_all(const char *form, const char *text, size_t size)
{
    for (size_t i = 0; i < WAYS; i++) {
        struct decoding_result result = run_in_way(&ways[i]);
        ck_assert_msg(!result.broken && told.faults == 0, "%s, way %zu: %s", form, i, told.text);
        check_text(form, &result, text, size);
        free(result.text);
    }
}

#define WHOLE ENCODER_FIRST ENCODER_SECOND

/* Members with the text, and empty ones. The ends of all are put into ends[5]. */
static void encode_whole(const struct encoder *encoder, size_t *ends)
{
    static const char *const texts[] = {ENCODER_FIRST, "", "", ENCODER_SECOND, ""};

    made.size = 0;
    for (size_t i = 0; i < 5; i++) {
        encoder->encode(&made, texts[i], strlen(texts[i]));
        ends[i] = made.size;
    }
}

START_TEST(members_are_one_text_and_empty_ones_none_of_it)
{
    const struct encoder *encoder = &encoders[_i];
    size_t ends[5];

    if (!can_try(encoder))
        return;
    encode_whole(encoder, ends);
    check_all(encoder->form, WHOLE, sizeof WHOLE - 1);
    ck_assert_uint_eq(told.notes, 0);
    /* The first piece is text when it has been taken. */
    struct decoding_result result = run_in_way(&ways[1]);
    ck_assert_msg(encoder->divides == (result.pieces > 0), "%s: %u pieces", encoder->form,
                  result.pieces);
    free(result.text);
    made.size = 0;
    encoder->encode(&made, "", 0);
    check_all(encoder->form, "", 0);
}
END_TEST

START_TEST(cut_off_anywhere_what_was_before_is_text_and_one_fault_is_told)
{
    const struct encoder *encoder = &encoders[_i];
    size_t ends[5];
    char begins[64];

    if (!can_try(encoder))
        return;
    encode_whole(encoder, ends);
    const size_t whole = made.size;
    snprintf(begins, sizeof begins, "%s data ", encoder->name);
    for (size_t size = encoder->beginning; size < whole; size++) {
        /* Where members have no end, a beginning alone is a whole one. */
        bool end = encoder->endless && size == encoder->beginning;
        for (size_t i = 0; i < 5; i++)
            end |= size == ends[i] || (encoder->endless && size == ends[i] + encoder->beginning);
        made.size = size;
        for (size_t i = 0; i < WAYS; i++) {
            struct decoding_result result = run_in_way(&ways[i]);
            const bool note = encoder->zeros == ENCODER_NOTE && told.notes == 1;
            ck_assert_msg(result.size <= sizeof WHOLE - 1 &&
                              (result.size == 0 || memcmp(result.text, WHOLE, result.size) == 0),
                          "%s cut at %zu, way %zu: other text", encoder->form, size, i);
            ck_assert_msg(result.broken == (told.faults == 1) && told.faults <= 1,
                          "%s cut at %zu, way %zu: %u faults", encoder->form, size, i, told.faults);
            ck_assert_msg(end || note || result.broken, "%s cut at %zu, way %zu: not seen",
                          encoder->form, size, i);
            ck_assert_msg(!end || !result.broken, "%s ends at %zu, way %zu: %s", encoder->form,
                          size, i, told.text);
            ck_assert_msg(!result.broken || (strncmp(told.text, begins, strlen(begins)) == 0 &&
                                             strstr(told.text, " byte ") != NULL),
                          "%s cut at %zu: %s", encoder->form, size, told.text);
            ck_assert_msg(size < ends[0] || result.size >= sizeof ENCODER_FIRST - 1,
                          "%s cut at %zu, way %zu: only %zu bytes", encoder->form, size, i,
                          result.size);
            free(result.text);
        }
        made.size = whole;
    }
}
END_TEST

START_TEST(a_read_that_fails_is_told_by_who_reads_alone)
{
    const struct encoder *encoder = &encoders[_i];
    size_t ends[5];

    if (!can_try(encoder))
        return;
    encode_whole(encoder, ends);
    for (size_t fails = 1; fails <= made.size; fails++) {
        for (size_t i = 0; i < WAYS; i++) {
            struct decoding_way way = ways[i];
            way.fails = fails;
            struct decoding_result result = run_in_way(&way);
            /* Of a regular file nothing need be read behind the last block. */
            const bool read = fails == made.size && way.most == 0;
            ck_assert_msg((result.broken || read) && told.faults == 0 && told.notes == 0,
                          "%s failing at %zu, way %zu: %s", encoder->form, fails, i, told.text);
            ck_assert(result.size <= sizeof WHOLE - 1 &&
                      (result.size == 0 || memcmp(result.text, WHOLE, result.size) == 0));
            free(result.text);
        }
    }
}
END_TEST

START_TEST(zeros_behind_are_what_the_tool_of_the_format_makes_of_them)
{
    static const unsigned char zeros[300];
    const struct encoder *encoder = &encoders[_i];

    if (!can_try(encoder))
        return;
    encoder->encode(&made, ENCODER_FIRST, sizeof ENCODER_FIRST - 1);
    encoder_put(&made, zeros, 12);
    encoder_put(&made, zeros, 288);
    for (size_t i = 0; i < WAYS; i++) {
        struct decoding_result result = run_in_way(&ways[i]);
        ck_assert_msg(told.faults == (encoder->zeros == ENCODER_FAULT) &&
                          told.notes == (encoder->zeros == ENCODER_NOTE) &&
                          result.broken == (told.faults == 1),
                      "%s, way %zu: %s", encoder->form, i, told.text);
        check_text(encoder->form, &result, ENCODER_FIRST, sizeof ENCODER_FIRST - 1);
        free(result.text);
    }
}
END_TEST

START_TEST(skippable_frames_are_left_out)
{
    const struct encoder *encoder = &encoders[_i];

    if (!encoder->skippable || !can_try(encoder))
        return;
    encoder_put_skippable(&made, 5);
    encoder->encode(&made, ENCODER_FIRST, sizeof ENCODER_FIRST - 1);
    encoder_put_skippable(&made, 0);
    /* More than is read at a time. */
    encoder_put_skippable(&made, 200000);
    encoder->encode(&made, ENCODER_SECOND, sizeof ENCODER_SECOND - 1);
    encoder_put_skippable(&made, 1);
    check_all(encoder->form, WHOLE, sizeof WHOLE - 1);
    made.size -= 1;
    for (size_t i = 0; i < WAYS; i++) {
        struct decoding_result result = run_in_way(&ways[i]);
        ck_assert_msg(result.broken && told.faults == 1, "%s, way %zu: a cut is not seen",
                      encoder->form, i);
        check_text(encoder->form, &result, WHOLE, sizeof WHOLE - 1);
        free(result.text);
    }
    made.size = 0;
    encoder_put_skippable(&made, 70);
    check_all("nothing else", "", 0);
}
END_TEST

static bool refuse(struct mr_encoded *encoded, uint64_t bytes)
{
    (void)encoded;
    return bytes == 0;
}

START_TEST(memory_that_is_refused_is_told_with_how_much_it_takes)
{
    const struct encoder *encoder = &encoders[_i];
    const struct decoding_way refused = {.most = 4096, .wanted = 1 << 18, .hold = refuse};

    if (!encoder->holds || !can_try(encoder))
        return;
    encoder->encode(&made, ENCODER_FIRST, sizeof ENCODER_FIRST - 1);
    for (int limited = 0; limited < 2; limited++) {
        struct decoding_way way = refused;
        if (limited) {
            way.hold = NULL;
            decoder_limit(decoder, 1024, 2);
        }
        struct decoding_result result = run_in_way(&way);
        ck_assert_msg(result.broken && told.faults == 1 &&
                          strstr(told.text, "M to be decompressed, and --buffer-size leaves ") !=
                              NULL,
                      "%s: %s", encoder->form, told.text);
        free(result.text);
    }
}
END_TEST

/* ---- Charsets ------------------------------------------------------------------------------- */

/* The text in two members, the border behind every byte of it. */
static void check_converted(const struct encoder *encoder, const char *bytes, size_t size,
                            const char *text)
{
    for (size_t border = 1; border < size; border++) {
        made.size = 0;
        encoder->encode(&made, bytes, border);
        encoder->encode(&made, bytes + border, size - border);
        check_all(encoder->form, text, strlen(text));
    }
}

START_TEST(compressed_text_is_converted_wherever_members_divide_it)
{
    static const char little[] = "\xff\xfe\xe9\0\n\0\x3d\xd8\x00\xde z\0",
                      big[] = "\xfe\xff\0\xe9\0\n\xd8\x3d\xde\x00\0z",
                      little32[] = "\xff\xfe\0\0\xe9\0\0\0z\0\0\0";
    const struct encoder *encoder = &encoders[_i];
    const struct charset *named;
    struct mr_error error;

    if (!encoder->any || !can_try(encoder))
        return;
    check_converted(encoder, little, 10, "\xc3\xa9\n\xf0\x9f\x98\x80");
    check_converted(encoder, big, sizeof big - 1, "\xc3\xa9\n\xf0\x9f\x98\x80z");
    check_converted(encoder, little32, sizeof little32 - 1, "\xc3\xa9z");
    check_converted(encoder, "\xef\xbb\xbfone two", 10, "one two");
    check_converted(encoder, "\xef\xbb", 2, "\xef\xbb");
    check_converted(encoder, "one two", 7, "one two");
    for (int i = 0; i < 2; i++) {
        decoder_close(decoder);
        ck_assert_int_eq(charset_open(i == 0 ? "UTF-16BE" : "SHIFT_JIS", &named, &error), 0);
        open_decoder(true, named);
        if (i == 0)
            check_converted(encoder, "\0o\0n\0e\0\n\0t", 10, "one\nt");
        else
            check_converted(encoder, "\x93\xfa\x96{\na", 6, "\xe6\x97\xa5\xe6\x9c\xac\na");
        charset_close(named);
    }
}
END_TEST

START_TEST(half_a_character_at_the_end_is_one_invalid_byte)
{
    const struct encoder *encoder = &encoders[_i];

    if (!encoder->any || !can_try(encoder))
        return;
    encoder->encode(&made, "\xff\xfez\0z", 5);
    for (size_t i = 0; i < WAYS; i++) {
        struct decoding_result result = run_in_way(&ways[i]);
        ck_assert_msg(result.size == 2 && result.text[0] == 'z' && result.text[1] >= 0x80,
                      "%s, way %zu", encoder->form, i);
        free(result.text);
    }
}
END_TEST

/* ---- Beginnings ----------------------------------------------------------------------------- */

START_TEST(formats_are_told_by_how_they_begin)
{
#define HEAD(text) (const unsigned char *)(text), sizeof(text) - 1
    const struct {
        const unsigned char *head;
        size_t size;
        const char *format;
    } cases[] = {
        {HEAD(""), NULL},
        {HEAD("\x1f"), NULL},
        {HEAD("\x1f\x8b"), "gzip"},
        {HEAD("\x1f\x9d\x90"), NULL},
        {HEAD("\x28\xb5\x2f"), NULL},
        {HEAD("\x28\xb5\x2f\xfd"), "zstd"},
        {HEAD("\xfd"
              "7zXZ"),
         NULL},
        {HEAD("\xfd"
              "7zXZ\0"),
         "xz"},
        {HEAD("\x04\x22\x4d\x18"), "lz4"},
        {HEAD("\x02\x21\x4c\x18"), "lz4"},
        {HEAD("BZh91AY&S"), NULL},
        {HEAD("BZh91AY&SY"), "bzip2"},
        {HEAD("BZh01AY&SY"), NULL},
        {HEAD("BZh9\x17\x72\x45\x38\x50\x90"), "bzip2"},
        {HEAD("BZhello and more"), NULL},
        {HEAD("x^2+y^2"), NULL},
        {HEAD("\x50\x2a\x4d\x18\0\0\0"), NULL},
        {HEAD("\x50\x2a\x4d\x18\0\0\0\0"), "zstd"},
        {HEAD("\x5f\x2a\x4d\x18\x01\0\0\0x\x04\x22\x4d\x18"), "lz4"},
        {HEAD("\x5f\x2a\x4d\x18\x01\0\0\0x\x50\x2a\x4d\x18\0\0\0\0\x28\xb5\x2f\xfd"), "zstd"},
        {HEAD("\x5f\x2a\x4d\x18\xff\xff\xff\xff\x04\x22\x4d\x18"), "zstd"},
        {HEAD("\x60\x2a\x4d\x18\0\0\0\0"), NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct compressed_format *format = compressed_format_of(cases[i].head, cases[i].size);
        ck_assert_msg(format == NULL
                          ? cases[i].format == NULL
                          : cases[i].format != NULL && strcmp(format->name, cases[i].format) == 0,
                      "case %zu: %s", i, format != NULL ? format->name : "none");
    }
}
END_TEST

START_TEST(where_nothing_is_to_be_decompressed_bytes_are_text)
{
    decoder_close(decoder);
    open_decoder(false, NULL);
    encoder_put(&made, "\x1f\x8b\x08", 3);
    struct decoding_result result = run_in_way(&ways[0]);
    ck_assert(result.plain && told.faults == 0);
}
END_TEST

/* ---- Parts at the same time ----------------------------------------------------------------- */

enum { PARTS = 32, WRONG = 9, WRONG_AS_WELL = 23 };

struct part {
    struct mr_buffer bytes, text;
    struct mr_piece piece;
    int status;
};

struct crew {
    struct compressed *file;
    struct part parts[PARTS];
    struct thread_mutex lock;
    size_t next; /* from the last to the first; under the lock */
};

static void decode_parts(void *argument)
{
    struct crew *crew = argument;
    struct mr_error error = {.status = MR_OK};

    for (;;) {
        thread_lock(&crew->lock);
        const size_t number = crew->next;
        crew->next -= number > 0;
        thread_unlock(&crew->lock);
        if (number == 0)
            return;
        struct part *part = &crew->parts[number - 1];
        part->status = compressed_decode(crew->file, &part->piece, &error);
    }
}

START_TEST(of_parts_decoded_at_the_same_time_the_first_fault_is_told)
{
    static struct crew crew;
    const struct encoder *encoder = &encoders[_i];
    const struct compressed_options options = {
        .window = MEMORY, .part = MEMORY, .tell = tell, .note = note};
    struct decoding_file file = {.encoded = {.name = "file",
                                             .regular = true,
                                             .head = made.bytes,
                                             .read = decoding_read,
                                             .read_at = decoding_read_at},
                                 .bytes = made.bytes};
    struct budget budget;
    struct mr_error error = {.status = MR_OK};
    struct thread threads[2];
    size_t wrong = 0;

    /* Stored text of zstd has no checksum. */
    if (!encoder->divides || strcmp(encoder->name, "zstd") == 0 || !can_try(encoder))
        return;
    for (int i = 0; i < PARTS; i++) {
        encoder->encode(&made, "abc", 3);
        if (i != WRONG && i != WRONG_AS_WELL)
            continue;
        unsigned char *at = made.bytes + made.size;
        do
            at--;
        while (memcmp(at, "abc", 3) != 0);
        at[0] = 'x';
        wrong = wrong > 0 ? wrong : made.size;
    }
    file.size = file.encoded.size = made.size;
    file.encoded.head_size = made.size < MR_HEAD ? made.size : MR_HEAD;
    memset(&told, 0, sizeof told);
    ck_assert_int_eq(thread_mutex_open(&crew.lock), 0);
    budget_open(&budget, UINT64_MAX);
    const struct compressed_format *format = compressed_format_of(made.bytes, made.size);
    ck_assert(format->load());
    ck_assert_int_eq(compressed_open(&options, format, &file.encoded, &crew.file), 0);
    for (int i = 0; i < PARTS; i++) {
        struct part *part = &crew.parts[i];
        buffer_open(&part->bytes, &budget);
        buffer_open(&part->text, &budget);
        part->piece = (struct mr_piece){.bytes = &part->bytes, .text = &part->text, .wanted = 1};
        ck_assert_int_eq(compressed_take(crew.file, &file.encoded, &part->piece, &error), 1);
    }
    crew.next = PARTS;
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(thread_start(&threads[i], "part", decode_parts, &crew), 0);
    for (int i = 0; i < 2; i++)
        thread_join(&threads[i]);
    for (int i = 0; i < PARTS; i++) {
        ck_assert_msg(crew.parts[i].status == (i == WRONG || i == WRONG_AS_WELL ? -1 : 1),
                      "%s: part %d", encoder->form, i);
        buffer_close(&crew.parts[i].bytes);
        buffer_close(&crew.parts[i].text);
    }
    compressed_close(crew.file);
    const char *byte = strstr(told.text, " byte ");
    ck_assert_msg(told.faults == 1 && byte != NULL && strtoul(byte + 6, NULL, 10) <= wrong,
                  "%s: %s, not up to %zu", encoder->form, told.text, wrong);
    thread_mutex_close(&crew.lock);
}
END_TEST

Suite *test_decoder_suite(void)
{
    Suite *suite = suite_create("decoder");
    TCase *tcase = tcase_create("decoder");
    const int count = (int)encoders_count;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, members_are_one_text_and_empty_ones_none_of_it, 0, count);
    tcase_add_loop_test(tcase, cut_off_anywhere_what_was_before_is_text_and_one_fault_is_told, 0,
                        count);
    tcase_add_loop_test(tcase, a_read_that_fails_is_told_by_who_reads_alone, 0, count);
    tcase_add_loop_test(tcase, zeros_behind_are_what_the_tool_of_the_format_makes_of_them, 0,
                        count);
    tcase_add_loop_test(tcase, skippable_frames_are_left_out, 0, count);
    tcase_add_loop_test(tcase, memory_that_is_refused_is_told_with_how_much_it_takes, 0, count);
    tcase_add_loop_test(tcase, compressed_text_is_converted_wherever_members_divide_it, 0, count);
    tcase_add_loop_test(tcase, half_a_character_at_the_end_is_one_invalid_byte, 0, count);
    tcase_add_test(tcase, formats_are_told_by_how_they_begin);
    tcase_add_test(tcase, where_nothing_is_to_be_decompressed_bytes_are_text);
    tcase_add_loop_test(tcase, of_parts_decoded_at_the_same_time_the_first_fault_is_told, 0, count);
    suite_add_tcase(suite, tcase);
    return suite;
}
