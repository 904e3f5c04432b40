/* SPDX-License-Identifier: MIT
 *
 * decoder - how FILEs become text (see decoder.h).
 */
#include "input/decoder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/thread.h"
#include "input/charset.h"
#include "input/charset_file.h"
#include "input/compressed.h"

/* Of the memory for counting, what one FILE may take, and what all parts of one may that are being
 * decoded at the same time. */
#define DECODER_FILE_SHARE 2
#define DECODER_PARTS_SHARE 4
/* Names that are looked at to foresee which libraries they need: to open and read one takes 5
 * microseconds, to load all libraries 900. */
#define DECODER_LOOKS 128

struct decoder {
    struct mr_decoder files;
    struct compressed_options compressed;
    bool decompress;
    struct charset_rule charset;
    struct thread_mutex lock;
    unsigned loaded, missing; /* libraries, a bit each; under the lock */
};

/* A FILE's decoding. */
struct decoding {
    const struct decoder *decoder;
    const char *name;
    struct charset_file *file; /* of a FILE that is not compressed; or */
    struct compressed *compressed;
    bool begun;                    /* it is known what its text is in: */
    struct charset_stream *stream; /* NULL: UTF-8, or bytes as they are */
};

/* Loads a format's library. Returns whether it is there. On any thread. */
static bool decoder_load(struct decoder *decoder, const struct compressed_format *format)
{
    unsigned bit = 1;

    for (size_t i = 0; compressed_formats[i] != format; i++)
        bit <<= 1;
    thread_lock(&decoder->lock);
    if (((decoder->loaded | decoder->missing) & bit) == 0) {
        if (format->load())
            decoder->loaded |= bit;
        else
            decoder->missing |= bit;
    }
    const bool there = (decoder->loaded & bit) != 0;
    thread_unlock(&decoder->lock);
    return there;
}

/* Whether FILEs of that format can be decompressed; if not, that has been told. */
static bool decoder_can(struct decoder *decoder, const struct compressed_format *format,
                        const char *name)
{
    char text[256];

    if (format->built && decoder_load(decoder, format))
        return true;
    if (format->built)
        snprintf(text, sizeof text,
                 "%s data, but %s cannot be loaded: install it (Debian: apt-get install %s)",
                 format->name, format->library, format->package);
    else
        snprintf(text, sizeof text,
                 "%s data, which this mrcount was built without (Debian: %s); --decompress=never "
                 "counts its bytes",
                 format->name, format->source);
    decoder->compressed.tell(decoder->compressed.context, name, text);
    return false;
}

/* Says so where text without a mark looks as if it needed one. */
static void decoder_guess(const struct decoder *decoder, const char *name,
                          const unsigned char *head, size_t size)
{
    const char *guess = charset_guess(head, size < MR_HEAD ? size : MR_HEAD);
    char text[128];

    if (guess == NULL || decoder->compressed.note == NULL)
        return;
    snprintf(text, sizeof text, "every second byte is NUL: --encoding=%s if that is what it is",
             guess);
    decoder->compressed.note(decoder->compressed.context, name, text);
}

/* The charset of text that begins like this; NULL: it is text but for the first *skip bytes. */
static const struct charset *decoder_charset(const struct decoder *decoder, const char *name,
                                             const unsigned char *head, size_t size, size_t *skip)
{
    const struct charset *charset = charset_choose(&decoder->charset, head, size, skip);

    if (charset == NULL && decoder->charset.named == NULL && *skip == 0)
        decoder_guess(decoder, name, head, size);
    return charset;
}

static void decoder_end(void *decoding)
{
    struct decoding *made = decoding;

    if (made->file != NULL)
        charset_file_close(made->file);
    charset_stream_close(made->stream);
    compressed_close(made->compressed);
    free(made);
}

static int decoder_begin(void *context, struct mr_encoded *encoded, void **decoding, size_t *skip,
                         struct mr_error *error)
{
    struct decoder *decoder = context;
    const struct compressed_format *format =
        decoder->decompress ? compressed_format_of(encoded->head, encoded->head_size) : NULL;
    const struct charset *charset =
        format != NULL
            ? NULL
            : decoder_charset(decoder, encoded->name, encoded->head, encoded->head_size, skip);
    int status;

    if (format != NULL)
        *skip = 0;
    if (format == NULL && charset == NULL)
        return 0;
    if (format != NULL && !decoder_can(decoder, format, encoded->name))
        return -1;
    struct decoding *made = calloc(1, sizeof *made);
    if (made == NULL)
        return compressed_no_memory(error);
    made->decoder = decoder;
    made->name = encoded->name;
    if (format == NULL)
        status = charset_file_open(charset, *skip, encoded, &made->file, error);
    else if (compressed_open(&decoder->compressed, format, encoded, &made->compressed) != 0)
        status = compressed_no_memory(error);
    else
        status = 0;
    if (status != 0) {
        decoder_end(made);
        return -1;
    }
    encoded->in_order = encoded->in_order || (format != NULL && decoder->charset.named != NULL);
    *decoding = made;
    return 0;
}

/* Takes a piece of a compressed FILE and makes text of it here and now. */
static int decoder_take_text(struct decoding *made, struct mr_encoded *encoded,
                             struct mr_piece *piece, struct mr_error *error)
{
    const int status = compressed_take(made->compressed, encoded, piece, error);
    int decoded = 1;
    size_t size;

    (void)mr_buffer_data(piece->bytes, &size);
    if (size > 0 && error->status == MR_OK)
        decoded = compressed_decode(made->compressed, piece, error);
    mr_buffer_clear(piece->bytes);
    return decoded == 1 ? status : decoded;
}

/* Looks at how the text in the piece begins, of a compressed FILE. */
static int decoder_begin_text(struct decoding *made, struct mr_piece *piece, struct mr_error *error)
{
    size_t size, skip = 0;
    unsigned char *text = mr_buffer_data(piece->text, &size);
    const struct charset *charset = decoder_charset(made->decoder, made->name, text, size, &skip);

    made->begun = true;
    if (charset != NULL)
        return charset_stream_open(charset, &made->stream, error);
    if (skip > 0) {
        memmove(text, text + skip, size - skip);
        mr_buffer_clear(piece->text);
        mr_buffer_commit(piece->text, size - skip);
    }
    return 0;
}

/* Converts the text in the piece; `last`: none follows. */
static int decoder_convert(struct decoding *made, struct mr_piece *piece, bool last,
                           struct mr_error *error)
{
    size_t size;
    const unsigned char *text = mr_buffer_data(piece->text, &size);
    unsigned char *room = mr_buffer_reserve(piece->bytes, size);

    if (room == NULL)
        return compressed_no_memory(error);
    if (size > 0)
        memcpy(room, text, size);
    mr_buffer_clear(piece->text);
    const int status = charset_stream_convert(made->stream, room, size, last, piece->text);
    mr_buffer_clear(piece->bytes);
    return status != 0 ? compressed_no_memory(error) : 0;
}

/* The beginning of a compressed FILE, and all of one in a charset, is text when it has been taken:
 * what the rest is in, the beginning says. */
static int decoder_take_compressed(struct decoding *made, struct mr_encoded *encoded,
                                   struct mr_piece *piece, struct mr_error *error)
{
    uint64_t length = 0;
    size_t size;
    int status;

    if (made->begun && made->stream == NULL)
        return compressed_take(made->compressed, encoded, piece, error);
    do {
        status = decoder_take_text(made, encoded, piece, error);
        length += piece->length;
        (void)mr_buffer_data(piece->text, &size);
    } while (!made->begun && status == 1 && size < CHARSET_MARK);
    piece->length = length;
    if (error->status == MR_OK &&
        ((!made->begun && decoder_begin_text(made, piece, error) != 0) ||
         (made->stream != NULL && decoder_convert(made, piece, status != 1, error) != 0)))
        return -1;
    return status;
}

static int decoder_take(void *decoding, struct mr_encoded *encoded, struct mr_piece *piece,
                        struct mr_error *error)
{
    struct decoding *made = decoding;

    return made->file != NULL ? charset_file_take(made->file, encoded, piece, error)
                              : decoder_take_compressed(made, encoded, piece, error);
}

static int decoder_decode(void *decoding, struct mr_piece *piece, struct mr_error *error)
{
    struct decoding *made = decoding;

    return made->file != NULL ? charset_file_decode(made->file, piece, error)
                              : compressed_decode(made->compressed, piece, error);
}

int decoder_open(const struct decoder_options *options, struct decoder **decoder,
                 struct mr_error *error)
{
    struct decoder *made = calloc(1, sizeof *made);

    if (made == NULL || thread_mutex_open(&made->lock) != 0) {
        free(made);
        return compressed_no_memory(error);
    }
    made->decompress = options->decompress;
    made->charset = options->charset;
    made->compressed = (struct compressed_options){
        .tell = options->tell,
        .note = options->note,
        .context = options->context,
    };
    made->files = (struct mr_decoder){
        .struct_size = sizeof made->files,
        .context = made,
        .open = decoder_begin,
        .take = decoder_take,
        .decode = decoder_decode,
        .close = decoder_end,
    };
    *decoder = made;
    return 0;
}

void decoder_close(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    thread_mutex_close(&decoder->lock);
    free(decoder);
}

void decoder_limit(struct decoder *decoder, uint64_t memory, unsigned threads)
{
    decoder->compressed.window = memory / DECODER_FILE_SHARE;
    decoder->compressed.part = memory / DECODER_PARTS_SHARE / threads;
}

const struct mr_decoder *decoder_files(const struct decoder *decoder)
{
    return decoder->decompress || !decoder->charset.none ? &decoder->files : NULL;
}

/* ---- Foresight ------------------------------------------------------------------------------ */

static void decoder_load_all(struct decoder *decoder)
{
    for (size_t i = 0; i < COMPRESSED_FORMATS; i++)
        if (compressed_formats[i]->built)
            (void)decoder_load(decoder, compressed_formats[i]);
}

/* Loads what the FILE needs. Returns whether that could be seen: it is a regular one, or a
 * directory. What cannot be read now may be readable later, when it is too late to load code. */
static bool decoder_look(struct decoder *decoder, const char *name)
{
    const bool standard = name[0] == '-' && name[1] == '\0';
    unsigned char head[MR_HEAD];
    struct stat status;

    if ((standard ? fstat(STDIN_FILENO, &status) : stat(name, &status)) != 0)
        return false;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode);
    const int fd = standard ? STDIN_FILENO : io_open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    if (fd < 0)
        return false;
    const off_t begin = standard ? lseek(fd, 0, SEEK_CUR) : 0;
    const ssize_t got = begin < 0 ? -1 : io_pread_full(fd, head, sizeof head, begin);
    if (!standard)
        (void)close(fd);
    const struct compressed_format *format =
        got > 0 ? compressed_format_of(head, (size_t)got) : NULL;
    if (format != NULL && format->built)
        (void)decoder_load(decoder, format);
    return got >= 0;
}

void decoder_foresee(struct decoder *decoder, const char *const *names, size_t count)
{
    bool seen = names != NULL && count <= DECODER_LOOKS;

    if (!decoder->decompress)
        return;
    for (size_t i = 0; seen && i < count; i++)
        seen = decoder_look(decoder, names[i]);
    if (!seen)
        decoder_load_all(decoder);
}

const char *decoder_built_in(void)
{
    return ""
#ifdef MRCOUNT_ISAL
           " gzip"
#endif
#ifdef MRCOUNT_ZSTD
           " zstd"
#endif
#ifdef MRCOUNT_LZMA
           " xz"
#endif
#ifdef MRCOUNT_BZIP2
           " bzip2"
#endif
#ifdef MRCOUNT_LZ4
           " lz4"
#endif
        ;
}
